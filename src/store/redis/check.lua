-- Counts a guess, then compares; a right code is used up in the same step. The MACs are keyed, so the
-- time of a comparison tells nobody anything.
--
-- KEYS  slot, guesses, cooldown, charge..., watch...
-- ARGV  id ('': none), attempts allowed, events of a verification; the guesses; the charges;
--       what was seen; then for each candidate: key id, mac
-- Gives 'verified', id, since when the newest code lives, ms of its age, route, order id, message id, cost
--       ('' where there is none);
--       'wrong', attempts left, id; since when the oldest and the newest code live, their attempts and open
--       attempts; open and held guesses, ms that those without and with an id have to wait;
--       'exhausted' or 'locked', ms; 'absent'; or 'refused' and the violations (places: the charges)
local id, attempts_max, events_max = argument(), integer(), integer()
local holds = id ~= ''
local guesses = read_guesses(KEYS[2])
recall_guesses(guesses)
local charges = read_charges(4)
local seen = read_seen()

local violations = {}
for i, each in ipairs(charges) do
    if not each.admits and not each.observed then
        tell(violations, i, until_ms(each.admits_at))
    end
end
if #violations > 0 then
    return {'refused', unpack(violations)}
end

local live = read_slot(KEYS[1], seen)
local asked = live[1]
if holds then
    asked = nil
    for _, code in ipairs(live) do
        asked = code.id == id and code or asked
    end
end
if not asked then
    take_charges(charges)
    return {'absent'}
end

if (holds and asked.attempts or asked.open) >= attempts_max then
    return {'exhausted', text(until_ms(asked.expires))}
end
local usable = holds and guesses.quota or guesses.quota - guesses.reserve
if guesses.open + guesses.held >= usable then
    return {'locked', text(until_ms(guesses.expires))}
end
local from = holds and guesses.held_from or guesses.open_from
if now < from then
    return {'locked', text(until_ms(from))}
end

-- Of codes that are the same the newest.
local right
for _, code in ipairs(live) do
    for i = taken + 1, #ARGV, 2 do
        if ARGV[i] == code.key_id and ARGV[i + 1] == code.mac then
            right = right or code
        end
    end
end
if right then
    local sent = redis.call('HMGET', right.key, 'route', 'order', 'bx', 'cost')
    for _, code in ipairs(live) do
        finish(code, code == right and 'verified' or 'replaced')
    end
    redis.call('DEL', KEYS[1], KEYS[2])
    local sends, pause_until = unpack(read_integers(KEYS[3], 2))
    if sends > 0 then -- the pause stays, the streak is over
        keep_integers(KEYS[3], {0, pause_until, pause_until}, pause_until)
    end
    for i = 4 + #charges, #KEYS do
        count_verified(read_watch(KEYS[i]))
    end
    local age = quotient(math.max(0, now - right.made), 1000)
    return {'verified', right.id, text(live[1].made), text(age), sent[1] or '', sent[2] or '',
            sent[3] or '', sent[4] or ''}
end

if holds then
    guesses.held = guesses.held + 1
    guesses.held_from = wait_after(guesses, guesses.held)
else
    guesses.open = guesses.open + 1
end
local all = guesses.open + guesses.held
guesses.open_from = math.max(guesses.open_from, wait_after(guesses, all))
guesses.expires = now + guesses.window * 1000
keep_guesses(guesses)
take_charges(charges)
for _, code in ipairs(live) do
    if holds then
        code.attempts = code.attempts + 1
    else
        code.open = code.open + 1
    end
    redis.call('HSET', code.key, 'attempts', text(code.attempts), 'open', text(code.open))
end
redis.call('HSET', asked.key, 'events', with_event(asked, 'wrong', events_max))

local left = math.min(attempts_max - (holds and asked.attempts or asked.open), usable - all)
return {'wrong', text(math.max(0, left)), asked.id, text(live[#live].made), text(live[1].made),
        text(asked.attempts), text(asked.open), text(guesses.open), text(guesses.held),
        text(math.max(0, quotient(guesses.open_from - now, 1000))),
        text(math.max(0, quotient(guesses.held_from - now, 1000)))}
