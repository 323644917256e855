-- What every script begins with. Times are microseconds of the server's clock, exact in a double until
-- the year 2255; tostring() would round them to 14 digits, hence text().
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function text(number)
    return string.format('%.0f', number)
end

-- Milliseconds from now to `at`, rounded up, 1 at least: who waits as long as told is not refused again.
local function until_ms(at)
    return math.max(1, math.ceil((at - now) / 1000))
end

-- How many codes end in each second. A counter lives a second longer than the codes in it, so it can
-- be taken back as long as they can be used up.
local function count_live(expires, change)
    local second = math.floor(expires / 1000000)
    local key = 'otp:live:' .. text(second)
    redis.call('INCRBY', key, change)
    redis.call('EXPIREAT', key, second + 2)
end

local function keep_counter(key, busy_until)
    if busy_until > now then
        redis.call('SET', key, text(busy_until), 'PX', until_ms(busy_until))
    else
        redis.call('DEL', key)
    end
end
