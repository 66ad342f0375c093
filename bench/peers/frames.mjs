// What the servers under Node say.
export const SLOTS = 30
export const SLOT_MS = 100
export const WELCOME = '{"type":"welcome"}'
const IDENTIFIER = JSON.stringify('{"channel":"NotificationsChannel"}')
export const CONFIRM = `{"identifier":${IDENTIFIER},"type":"confirm_subscription"}`
export const ping = () => `{"type":"ping","message":${Math.round(Date.now() / 1000)}}`
export const event = text => `{"identifier":${IDENTIFIER},"message":${text}}`
