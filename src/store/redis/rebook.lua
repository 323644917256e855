-- Gives back what one try of a send was expected to cost and takes what the next one is, or changes nothing.
--
-- KEYS  verification, budgets that are given back to, budgets that are taken from
-- ARGV  the notes; the adjustments; the reservations
-- Gives 'rebooked' and the violations of what is observed, 'refused' and the violations (places: the
--       reservations), or 'too_late'
local notes = read_notes()
local given_back = read_adjustments(2)
adjust(given_back)
local reservations = read_reservations(2 + #given_back)

local f = redis.call('HMGET', KEYS[1], 'made', 'events')
if not f[1] or string.find(f[2], ' [su]%d') then
    return {'too_late'}
end
local violations, refused = {}, false
for i, each in ipairs(reservations) do
    local ms = reservation_refused(each)
    if ms then
        tell(violations, i, ms)
        refused = refused or not each.observed
    end
end
if refused then
    return {'refused', unpack(violations)}
end
local code = {made = tonumber(f[1]), events = f[2]}
for _, each in ipairs(notes) do
    code.events = with_event(code, each.what, nil, each.details, each.ago)
end
redis.call('HSET', KEYS[1], 'events', code.events)
keep_adjusted(given_back)
take_reservations(reservations)
return {'rebooked', unpack(violations)}
