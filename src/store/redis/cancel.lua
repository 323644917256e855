-- Ends a verification whose code can still be used.
--
-- KEYS  verification
-- ARGV  what its slot has to begin with
-- Gives 'canceled', 'ended' when it was over already, or 'absent'
local f = redis.call('HMGET', KEYS[1], 'slot', 'state', 'made', 'expires', 'events')
local prefix = argument()
if not f[1] or string.sub(f[1], 1, #prefix) ~= prefix then
    return {'absent'}
end
local code = {key = KEYS[1], made = tonumber(f[3]), expires = tonumber(f[4]), events = f[5]}
if not is_live(f[2], code.expires) then
    return {'ended'}
end
finish(code, 'canceled')
return {'canceled'}
