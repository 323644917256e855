-- Says what became of a message whose send was settled.
--
-- KEYS  verification, budget...
-- ARGV  what is known of the message, events of a verification, details; route, order id, message id, cost
--       (all '' when no receipt is given); the adjustments
-- Gives 'updated', 'known' or 'absent'
local f = redis.call('HMGET', KEYS[1], 'made', 'message', 'events')
if not f[1] then
    return {'absent'}
end
local message, events_max, details = argument(), integer(), argument()
local route, order, bx, cost = argument(), argument(), argument(), argument()
local adjustments = read_adjustments(2)

local code = {made = tonumber(f[1]), events = f[3]}
local before, with_it = certainty[f[2]], certainty[message]
if with_it < before then
    return {'known'}
end
if with_it == before then
    local listed = with_event(code, 'delivery', events_max, details)
    if message == 'delivered' or message == 'failed' or details == last_delivery(code) or
        listed == code.events then
        return {'known'}
    end
    redis.call('HSET', KEYS[1], 'events', listed)
    return {'updated'}
end

redis.call('HSET', KEYS[1], 'message', message,
           'events', with_event(code, 'delivery', events_max, details))
if route ~= '' then
    redis.call('HSET', KEYS[1], 'route', route, 'order', order, 'bx', bx, 'cost', cost)
end
adjust(adjustments)
keep_adjusted(adjustments)
return {'updated'}
