"""`heartline logout`."""

from cyclopts import App

from heartline.cli import credentials

app = App(name="logout")


@app.default
def logout() -> None:
    print("Logged out." if credentials.forget() else "You were not logged in.")
