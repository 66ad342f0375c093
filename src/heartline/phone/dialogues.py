"""What people of a made-up history say to each other. A line that starts with `>` is one's own, `[picture]` is a picture."""

ANSWERS = (
    "Sounds good!",
    "Ha, I was about to ask you the same 😄",
    "On my way, ten minutes",
    "Let me check and get back to you",
    "Perfect, thank you ❤️",
    "Can't talk right now, I'll call you tonight",
    "Yes! See you then",
    "No idea, sorry. Ask Maya?",
)
"""What simulated people answer, one after the other."""

FRIENDS = (
    """Are you coming to the market on Saturday?
    > Yes! When?
    Around ten, before it gets crowded
    > I'll bring the big bag
    Bring two 😄
    > Deal""",
    """> Did you see the sunset just now??
    Wait, I'm going out
    [picture]
    > Oh wow
    That one goes on my wall
    > Send me the big version too please""",
    """I'm locked out again 🙈
    > Again?
    Don't say anything
    > The spare key is still with me, I'll be home at six
    You're a hero
    > That'll be one pizza
    Two""",
    """> How was the interview?
    I think it went well? They laughed at the right places
    > That's half the job
    They call on Thursday
    > Fingers crossed 🤞""",
    """THEY CALLED
    > AND???
    I start on the first!!
    > I knew it! Congratulations 🎉
    Dinner is on me
    > I won't argue""",
    """> Do you still have my drill?
    I have... a drill
    > Blue? With my name on it?
    It might have your name on it
    > I need it on Sunday
    I'll drop it off, with cake as interest""",
    """Look who moved in next door
    [picture]
    > Who? I only see hills
    Exactly. Nobody. It's so quiet here
    > I'm jealous
    Come and visit!
    > Next weekend?
    Next weekend.""",
    """> Running late, the train stands still
    No worries, I have a book
    > Ten minutes more they say
    They always say ten
    > Moving!
    🎉""",
    """Which wine goes with mushroom risotto?
    > A white one that isn't sweet
    That narrows it down to half the shop
    > Second shelf, the one with the bird on it
    Found the bird""",
    """> Thanks for yesterday, that was lovely
    It was! We should do this more often
    > Every month?
    Every month. You cook next time
    > 😬
    You can do soup
    > I can do soup""",
    """Do you remember the name of that lake?
    > The one with the cold water or the one with the very cold water?
    Very cold
    > Lake Silvan
    Thank you! We're going there in July
    > Take me with you""",
    """> Have you finished the book?
    Last night at two
    > And?
    I was so angry at chapter 30
    > RIGHT?
    We need to talk about it. Coffee tomorrow?
    > Tomorrow at four""",
    """Quick question, does your sister still give piano lessons?
    > She does, for kids at least
    It's for me 😅
    > Even better, I'll ask her
    Tell her I know exactly one song""",
    """> [picture]
    > Guess where I am
    Is that the old road over the pass?
    > Yes! Nobody here but a few cows
    Say hello to them from me
    > They say moo""",
)

FAMILY = (
    """Hi dear, are you eating enough?
    > Yes mum
    I'm making lasagna on Sunday
    > I'll be there
    Bring your laundry if you like
    > I have a washing machine now 😂
    I know. Bring it anyway""",
    """How do I send a picture again?
    > The paper clip, below
    [picture]
    > It worked!
    That's the view from our room. The soup is too salty but the view is nice
    > Enjoy it 😊""",
    """Don't forget your father's birthday
    > I have it in the calendar
    He wants nothing, so get him the thing from the hardware store
    > Which thing?
    He'll show you. He has shown everybody""",
    """> Landed safely
    Thank you for writing. Is it warm?
    > 24 degrees
    Here it rains. Take a sweater all the same
    > I'm wearing it""",
    """Did the parcel arrive?
    > Today! Thank you ❤️
    The jam is from your aunt
    > It's almost empty already""",
)

WORK = (
    """Good morning, could you move our call to 3 pm?
    > Sure, I've changed it
    Thank you!""",
    """> The numbers for March are in the folder
    Got them. Row 14 looks odd, could you have a look?
    > You're right, fixed
    Great, sending it off now""",
    """Your car is ready for pickup, we are open until 6 pm
    > Thank you, what was it?
    Just the battery. We also filled up the water
    > I'll be there at five""",
    """Reminder: your appointment is on Tuesday at 9:20. Reply C to confirm
    > C
    Thank you, see you on Tuesday""",
    """The technician will be with you between 8 and 12
    > Could it be closer to 8?
    I have made a note""",
)

GROUPS = (
    """Who's in for the hike on Sunday?
    Me!
    > Count me in
    What time? I have the dog
    Bring the dog
    > Meet at the station at 8:30
    8:30?? On a Sunday?
    > The early bird and so on
    [picture]
    That's where we're going
    Ok fine, 8:30""",
    """Photos from yesterday:
    [picture]
    > So good
    [picture]
    My legs hurt
    > Mine too
    Same again next month?
    > Yes!
    Yes
    Let me recover first 😅""",
    """What are we giving Noor for her birthday?
    > She wanted that pottery course
    How much is it?
    > 120 for two evenings
    30 each then
    I'm in
    Me too
    > I'll book it
    Thank you!!
    Not a word to her""",
    """Dinner on Friday at ours?
    > Gladly! What can I bring?
    Dessert?
    I'll bring salad
    > Dessert it is
    Is 7 ok for everybody?
    > Perfect
    Could be 7:15 for me""",
    """Does anybody have a tent for four?
    I have one for two
    > I have one for two as well
    So, math says
    > It does
    Great, that's settled 🏕️""",
)
