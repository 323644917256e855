-- Counts a guess, then compares; a right code is used up in the same step. The MACs are keyed, so the
-- time of a comparison tells nobody anything.
--
-- KEYS  code, guesses
-- ARGV  attempts allowed, guess quota, guess window in ms, id the code must have ('': any),
--       then what this caller has seen before, in case a replica took over that has not: an id, its
--       attempts, codes made before when are dead, guesses, ms they are known for;
--       then for each candidate: key id, mac
-- Gives 'verified', id, made, route, order id, message id, cost ('' where there is none);
--       'wrong', attempts left, id, made, attempts, guesses; 'exhausted' or 'locked', ms; or 'absent'
local code = redis.call('HMGET', KEYS[1], 'id', 'key_id', 'mac', 'attempts', 'made', 'expires')
local id, made, expires = code[1], tonumber(code[5]), tonumber(code[6])
if not id then
    return {'absent'}
end
if made < tonumber(ARGV[7]) then -- replaced or used up before
    redis.call('DEL', KEYS[1])
    count_live(expires, -1)
    return {'absent'}
end
if ARGV[4] ~= '' and ARGV[4] ~= id then
    return {'absent'}
end

local attempts = tonumber(code[4])
if ARGV[5] == id then
    attempts = math.max(attempts, tonumber(ARGV[6]))
end
if attempts >= tonumber(ARGV[1]) then
    return {'exhausted', text(math.max(1, redis.call('PTTL', KEYS[1])))}
end
local guesses = tonumber(redis.call('GET', KEYS[2]) or 0)
if tonumber(ARGV[8]) > guesses then
    guesses = tonumber(ARGV[8])
    redis.call('SET', KEYS[2], ARGV[8], 'PX', ARGV[9])
end
if guesses >= tonumber(ARGV[2]) then
    return {'locked', text(math.max(1, redis.call('PTTL', KEYS[2])))}
end

for i = 10, #ARGV, 2 do
    if ARGV[i] == code[2] and ARGV[i + 1] == code[3] then
        local sent = redis.call('HMGET', KEYS[1], 'route', 'order', 'message', 'cost')
        redis.call('DEL', KEYS[1], KEYS[2])
        count_live(expires, -1)
        return {'verified', id, code[5], sent[1] or '', sent[2] or '', sent[3] or '', sent[4] or ''}
    end
end
attempts, guesses = attempts + 1, guesses + 1
redis.call('HSET', KEYS[1], 'attempts', attempts)
redis.call('SET', KEYS[2], guesses, 'PX', ARGV[3])
return {'wrong', tostring(math.min(ARGV[1] - attempts, ARGV[2] - guesses)), id, code[5],
        tostring(attempts), tostring(guesses)}
