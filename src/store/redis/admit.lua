-- Checks every counter and the guesses, then takes all charges and writes the code, or changes nothing.
--
-- KEYS  code, guesses, counter...
-- ARGV  id, key id, mac, ttl in ms, guess quota, guesses known elsewhere, ms they are known for,
--       then for each counter: cost and window in microseconds
-- Gives 'admitted', when it was made; or 'refused' and for each violation: the number of the counter
--       (0: the guesses) and the ms until it admits again
local violations = {}
local busy = {}
for i = 3, #KEYS do
    local cost, window = tonumber(ARGV[2 * i + 2]), tonumber(ARGV[2 * i + 3])
    local busy_until = math.max(now, tonumber(redis.call('GET', KEYS[i]) or now))
    local admits_at = busy_until - (window - cost)
    if admits_at > now then
        violations[#violations + 1] = tostring(i - 2)
        violations[#violations + 1] = text(until_ms(admits_at))
    end
    busy[i] = busy_until + cost
end

local guesses = tonumber(redis.call('GET', KEYS[2]) or 0)
local guesses_for = redis.call('PTTL', KEYS[2])
if tonumber(ARGV[6]) > guesses then
    guesses, guesses_for = tonumber(ARGV[6]), tonumber(ARGV[7])
    redis.call('SET', KEYS[2], ARGV[6], 'PX', ARGV[7])
end
if guesses >= tonumber(ARGV[5]) then
    violations[#violations + 1] = '0'
    violations[#violations + 1] = text(math.max(1, guesses_for))
end
if #violations > 0 then
    return {'refused', unpack(violations)}
end

local replaced = redis.call('HGET', KEYS[1], 'expires')
if replaced then
    redis.call('DEL', KEYS[1])
    count_live(tonumber(replaced), -1)
end
local expires = now + ARGV[4] * 1000
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'key_id', ARGV[2], 'mac', ARGV[3], 'attempts', '0',
           'made', text(now), 'expires', text(expires))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
count_live(expires, 1)
for i = 3, #KEYS do
    keep_counter(KEYS[i], busy[i])
end
return {'admitted', text(now)}
