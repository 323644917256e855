-- Before every script. Numbers are doubles in Lua, and tostring() would round times to 14 digits.
local function text(number)
    return string.format('%.0f', number)
end

-- a / b rounded down, exactly: both whole, a >= 0 and below 2^53.
local function quotient(a, b)
    return (a - math.fmod(a, b)) / b
end

-- `base`, doubled `times` times, and `longest` at the most.
local function doubled(base, times, longest)
    while times > 0 and base < longest do
        base, times = base * 2, times - 1
    end
    return math.min(base, longest)
end

-- The arguments one after the other, as the lane appends them.
local taken = 0
local function argument()
    taken = taken + 1
    return ARGV[taken]
end
local function integer()
    return tonumber(argument())
end

-- How many codes end in each second. A counter lives a second longer than the codes in it, so it can
-- be taken back as long as they can be used up.
local function count_live(expires, change)
    local second = math.floor(expires / 1000000)
    local key = 'otp:live:' .. text(second)
    if redis.call('INCRBY', key, change) == change then -- the key is new
        redis.call('EXPIREAT', key, second + 2)
    end
end
