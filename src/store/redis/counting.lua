-- Before every script that writes or counts codes. Numbers are doubles in Lua, and tostring() would round
-- times to 14 digits.
local function text(number)
    return string.format('%.0f', number)
end

-- How many codes end in each second. A counter lives a second longer than the codes in it, so it can
-- be taken back as long as they can be used up.
local function count_live(expires, change)
    local second = math.floor(expires / 1000000)
    local key = 'otp:live:' .. text(second)
    redis.call('INCRBY', key, change)
    redis.call('EXPIREAT', key, second + 2)
end
