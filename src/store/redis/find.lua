-- What is known of one verification.
--
-- KEYS  verification
-- Gives 'found', slot, state, message, ms of its age, ms until its code expires (0 when it is over),
--       attempts, open attempts, events, route, order id, message id, cost ('' where there is none);
--       or 'absent'
local f = redis.call('HMGET', KEYS[1], 'slot', 'state', 'message', 'made', 'expires', 'attempts',
                     'open', 'events', 'route', 'order', 'bx', 'cost')
if not f[1] then
    return {'absent'}
end
local state, expires_in = f[2], 0
if is_live(state, tonumber(f[5])) then
    expires_in = until_ms(tonumber(f[5]))
elseif state == 'pending' or state == 'active' then
    state = 'expired'
end
local age = math.max(0, quotient(now - tonumber(f[4]), 1000))
return {'found', f[1], state, f[3], text(age), text(expires_in), f[6], f[7], f[8], f[9] or '',
        f[10] or '', f[11] or '', f[12] or ''}
