-- The codes that can still be verified.
--
-- ARGV  seconds that a code lives at the most
local second = math.floor(now / 1000000)
local keys = {}
for i = 0, tonumber(ARGV[1]) do
    keys[#keys + 1] = 'otp:live:' .. text(second + i)
end
local sum = 0
for _, count in ipairs(redis.call('MGET', unpack(keys))) do
    sum = sum + (tonumber(count) or 0)
end
return {text(math.max(0, sum))}
