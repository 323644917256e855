-- Checks everything that stands against a send, then takes all charges and writes the verification, or
-- changes no counter.
--
-- KEYS  slot, verification, guesses, cooldown, charge..., budget..., watch..., and last the idempotency
--       key's if any
-- ARGV  id, key id, mac, ttl, keep, lease, 1 to add, codes of a slot, details; cooldown's base, longest,
--       memory; the guesses; the charges; the reservations; the watches: how many, then floor, percent, breaker sent, breaker
--       percent, block, 1 if observed; what was seen; fingerprint ('': no idempotency key), keep.
--       Times in ms
-- Gives 'admitted', since when the slot's oldest live code lives and since when this one, its attempts and
--       open attempts, the pause, busy microseconds of each charge, the violations of what is observed;
--       'refused' and the violations (places: 0 the cooldown, then charges, reservations, watches, and the
--       guesses);
--       'in_flight', ms; 'replayed', the reply; 'unsettled'; or 'conflicting'
local id, key_id, mac = argument(), argument(), argument()
local ttl, keep, lease, add, codes_max = integer(), integer(), integer(), integer() == 1, integer()
local details = argument()
local pause_base, pause_longest, memory = integer(), integer(), integer()
local guesses = read_guesses(KEYS[3])
recall_guesses(guesses)
local charges = read_charges(5)
local reservations = read_reservations(5 + #charges)
local before_watches = 4 + #charges + #reservations
local watches = {}
for i = 1, integer() do
    watches[i] = read_watch(KEYS[before_watches + i])
    watches[i].rule = {floor = integer(), percent = integer(), breaker_sent = integer(),
                       breaker_percent = integer(), block = integer()}
    watches[i].observed = integer() == 1
end
local seen = read_seen()
local fingerprint, once_keep = argument(), integer()
local once = fingerprint ~= '' and KEYS[#KEYS]

if once then
    local kept = redis.call('HMGET', once, 'fingerprint', 'lease', 'reply')
    if kept[1] and kept[1] ~= fingerprint then
        return {'conflicting'}
    elseif kept[3] then
        return {'replayed', kept[3]}
    elseif kept[1] and now < tonumber(kept[2]) then
        return {'in_flight', text(until_ms(tonumber(kept[2])))}
    elseif kept[1] then
        return {'unsettled'}
    end
end

local violations, refused = {}, false
local sends, pause_until, streak_until = unpack(read_integers(KEYS[4], 3))
if pause_base > 0 and now < pause_until then
    tell(violations, 0, until_ms(pause_until))
    refused = true
end
for i, each in ipairs(charges) do
    if not each.admits then
        tell(violations, i, until_ms(each.admits_at))
        refused = refused or not each.observed
    end
end
for i, each in ipairs(reservations) do
    local ms = reservation_refused(each)
    if ms then
        tell(violations, #charges + i, ms)
        refused = refused or not each.observed
    end
end
for i, each in ipairs(watches) do
    local ms, trips = watch_against(each, each.rule)
    if ms then
        tell(violations, #charges + #reservations + i, ms, trips)
        refused = refused or not each.observed
    end
    if trips then
        each.blocked_until = now + each.rule.block * 1000
        keep_watch(each, 0)
    end
end
if guesses.open + guesses.held >= guesses.quota then
    tell(violations, #charges + #reservations + #watches + 1, until_ms(guesses.expires))
    refused = true
end
if refused then
    return {'refused', unpack(violations)}
end

local live, in_flight = read_slot(KEYS[1], seen)
if in_flight > now then
    return {'in_flight', text(until_ms(in_flight))}
end

-- First what a full server refuses.
local expires = now + ttl * 1000
count_live(expires, 1)
local attempts, open, oldest, ids = 0, 0, now, {id}
local last = math.max(expires, now + lease * 1000)
for i, code in ipairs(live) do
    if add then
        attempts, open = math.max(attempts, code.attempts), math.max(open, code.open)
    end
    if add and i < codes_max and code.id ~= id then
        ids[#ids + 1] = code.id
        oldest, last = math.min(oldest, code.made), math.max(last, code.expires)
    else
        finish(code, 'replaced')
    end
end
redis.call('DEL', KEYS[2])
local slot = string.sub(KEYS[1], #number + 1 + #'s:')
redis.call('HSET', KEYS[2], 'slot', slot, 'state', 'pending', 'key_id', key_id, 'mac', mac,
           'made', text(now), 'expires', text(expires), 'lease', text(now + lease * 1000),
           'attempts', text(attempts), 'open', text(open), 'message', 'queued',
           'events', with_details(letters.admitted .. '0', details))
redis.call('PEXPIRE', KEYS[2], keep)
redis.call('SET', KEYS[1], table.concat(ids, ' '), 'PX', until_ms(last))

local pause = 0
if pause_base > 0 then
    sends = (now < streak_until and sends or 0) + 1
    pause = doubled(pause_base, sends - 1, pause_longest)
    pause_until = now + pause * 1000
    streak_until = math.max(pause_until, now + memory * 1000)
    keep_integers(KEYS[4], {sends, pause_until, streak_until}, streak_until)
end
local busy_for = take_charges(charges)
take_reservations(reservations)
for _, each in ipairs(watches) do
    count_sent(each)
end
if once then
    redis.call('HSET', once, 'fingerprint', fingerprint, 'lease', text(now + lease * 1000))
    redis.call('PEXPIRE', once, once_keep)
end

local answer = {'admitted', text(oldest), text(now), text(attempts), text(open), text(pause)}
for _, words in ipairs({busy_for, violations}) do
    for _, word in ipairs(words) do
        answer[#answer + 1] = word
    end
end
return answer
