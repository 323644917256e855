-- Before the scripts that touch verifications. A verification is a hash otp:{NUMBER}:v:ID of
--   slot; state; key_id and mac, until it is over; made, expires, lease (until when its send is in flight)
--   in microseconds; attempts, open: wrong guesses with and without the id; message: of what became of it;
--   route, order, bx, cost: the receipt; events: words of a letter and the ms since it was made, and if there
--   are any ':' and the details, which have no spaces.
-- otp:{NUMBER}:s:SLOT holds the ids of the slot's verifications, the newest first; some may be over.
--
-- The ids of a slot are known in here only, so these keys cannot all be in KEYS. They carry the hash tag of
-- those that are, and cluster mode is refused.
local number = string.match(KEYS[1], '^otp:{%x+}:')

local function is_live(state, expires)
    return (state == 'pending' or state == 'active') and expires > now
end

local letters = {admitted = 'a', accepted = 's', unknown = 'u', wrong = 'w', verified = 'v',
                 replaced = 'r', canceled = 'c', step = 'p', delivery = 'd'}

-- Of what is known of a message (verification.hpp).
local certainty = {queued = 0, unknown = 1, accepted = 2, delivered = 3, failed = 3}

local function with_details(word, details)
    return details and details ~= '' and word .. ':' .. details or word
end

-- The events of a verification with one more that was `ago` ms ago, unless there are `most` already.
local function with_event(code, what, most, details, ago)
    local _, count = string.gsub(code.events, '%S+', '')
    if most and count >= most then
        return code.events
    end
    local after = quotient(math.max(0, now - code.made), 1000) - (ago or 0)
    return code.events .. ' ' .. with_details(letters[what] .. text(math.max(0, after)), details)
end

-- How many steps of its route plan a verification lists.
local function steps_of(code)
    local _, count = string.gsub(code.events, ' p%d', '')
    return count
end

-- Arguments: how many, then what, ms ago and details of each.
local function read_notes()
    local notes = {}
    for i = 1, integer() do
        notes[i] = {what = argument(), ago = integer(), details = argument()}
    end
    return notes
end

-- The details of the last event `delivery`; '' when there is none.
local function last_delivery(code)
    local last = ''
    for details in string.gmatch(code.events, ' d%d+:?(%S*)') do
        last = details
    end
    return last
end

-- The code can never be verified again, and nothing that could tell it is left. HDEL is first: it is let
-- through by a server that is full.
local function finish(code, state)
    redis.call('HDEL', code.key, 'mac', 'key_id')
    redis.call('HSET', code.key, 'state', state, 'events', with_event(code, state))
    count_live(code.expires, -1)
end

-- Arguments: what this caller has seen of the slot before, in case a replica took over that has not: codes
-- made before when are dead; attempts and open attempts of those made until when; how many others are
-- dead, and their ids.
local function read_seen()
    local seen = {dead = {}}
    seen.alive_from, seen.counted_until = integer(), integer()
    seen.attempts, seen.open = integer(), integer()
    for _ = 1, integer() do
        seen.dead[argument()] = true
    end
    return seen
end

-- One verification of a slot as far as it decides about guesses and sends; nil when it is forgotten.
local function read_code(id)
    local key = number .. 'v:' .. id
    local f = redis.call('HMGET', key, 'state', 'made', 'expires', 'lease', 'attempts', 'open',
                         'events', 'key_id', 'mac')
    if not f[1] then
        return nil
    end
    local expires = tonumber(f[3])
    return {id = id, key = key, state = f[1], made = tonumber(f[2]), expires = expires,
            live = is_live(f[1], expires), lease = tonumber(f[4]), attempts = tonumber(f[5]),
            open = tonumber(f[6]), events = f[7], key_id = f[8], mac = f[9]}
end

-- The live verifications of a slot, the newest first, and until when a send of it is in flight.
local function read_slot(key, seen)
    local live, in_flight = {}, 0
    for id in string.gmatch(string_at(key) or '', '%x+') do
        local code = read_code(id)
        if code and code.live and (code.made < seen.alive_from or seen.dead[id]) then
            finish(code, 'replaced')
            code = nil
        end
        if code and code.state == 'pending' then
            in_flight = math.max(in_flight, code.lease)
        end
        if code and code.live then
            if code.made <= seen.counted_until then
                code.attempts = math.max(code.attempts, seen.attempts)
                code.open = math.max(code.open, seen.open)
            end
            live[#live + 1] = code
        end
    end
    return live, in_flight
end
