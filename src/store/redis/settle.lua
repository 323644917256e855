-- Says what became of a send. A refused one leaves no trace, unless its code is over already.
--
-- KEYS  verification, cooldown, budget..., budget... of a rebooking that was not answered, charge..., watch...,
--       and last the idempotency key's if any
-- ARGV  'accepted', 'refused' or 'unknown', 1 with an idempotency key, the reply, events of a verification,
--       details; the notes; the adjustments; 1 with a rebooking that was not answered, and then the steps listed
--       before it and the adjustments if it was done;
--       accepted: route, order id, message id, cost ('' where there is none);
--       refused: ms of the cooldown that it began, ms of the back-off; how many charges, and the cost of each in
--       microseconds
-- Gives 'settled' or 'superseded'
local result, once, reply = argument(), integer() == 1, argument()
local events_max, details = integer(), argument()
local notes = read_notes()
local adjustments = read_adjustments(3)
local unanswered -- rebooking
if integer() == 1 then
    unanswered = {steps_before = integer(), adjustments = read_adjustments(3 + #adjustments)}
end
local budget_keys = #adjustments + (unanswered and #unanswered.adjustments or 0)
if once then
    local key = KEYS[#KEYS]
    local kept = redis.call('HMGET', key, 'fingerprint', 'reply')
    if kept[1] and not kept[2] then
        if result == 'refused' then
            redis.call('DEL', key)
        else
            redis.call('HSET', key, 'reply', reply)
        end
    end
end

local f = redis.call('HMGET', KEYS[1], 'state', 'made', 'expires', 'events', 'message', 'route')
local state, expires = f[1], tonumber(f[3])
if not state or result == 'refused' and not is_live(state, expires) then
    return {'superseded'}
end
local code = {made = tonumber(f[2]), events = f[4]}
if unanswered and steps_of(code) > unanswered.steps_before then
    adjustments = unanswered.adjustments
end
if not string.find(code.events, ' [su]%d') then -- the first settlement of this send
    adjust(adjustments)
end
if result ~= 'refused' then
    for _, each in ipairs(notes) do
        if each.what == 'admitted' then
            code.events = string.gsub(code.events, '^a(%d+)%S*', function(after)
                return with_details('a' .. after, each.details)
            end)
        else
            code.events = with_event(code, each.what, events_max, each.details, each.ago)
        end
    end
    -- An update may have come before.
    local known_better = certainty[f[5]] > certainty[result]
    redis.call('HSET', KEYS[1], 'state', state == 'pending' and 'active' or state,
               'message', known_better and f[5] or result,
               'events', with_event(code, result, nil, details))
    local route, order, bx, cost = argument(), argument(), argument(), argument()
    if route and route ~= '' and not (known_better and f[6]) then
        redis.call('HSET', KEYS[1], 'route', route, 'order', order, 'bx', bx, 'cost', cost)
    end
    keep_adjusted(adjustments)
    return {'settled'}
end

redis.call('DEL', KEYS[1])
keep_adjusted(adjustments)
count_live(expires, -1)
local cooldown, back_off = integer(), integer()
local charges = integer()
for i = 1, charges do
    local key, cost = KEYS[2 + budget_keys + i], integer()
    local busy_until = string_at(key)
    if busy_until then
        local earlier = tonumber(busy_until) - cost
        keep_integers(key, {earlier}, earlier)
    end
end
for i = 3 + budget_keys + charges, #KEYS - (once and 1 or 0) do
    uncount_sent(read_watch(KEYS[i]))
end
local sends, pause_until, streak_until = unpack(read_integers(KEYS[2], 3))
if cooldown > 0 and now < streak_until then
    sends = math.max(0, sends - 1)
    if pause_until == code.made + cooldown * 1000 then -- not that of a later send
        pause_until = now + back_off * 1000
        streak_until = sends > 0 and math.max(streak_until, pause_until) or pause_until
    end
    keep_integers(KEYS[2], {sends, pause_until, streak_until}, streak_until)
end
return {'settled'}
