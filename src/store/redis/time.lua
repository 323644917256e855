-- Before the scripts that need to know the time: microseconds of the server's clock, exact in a double until
-- the year 2255.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- Milliseconds from now to `at`, rounded up, 1 at least: who waits as long as told is not refused again.
local function until_ms(at)
    return math.max(1, math.ceil((at - now) / 1000))
end

local function keep_counter(key, busy_until)
    if busy_until > now then
        redis.call('SET', key, text(busy_until), 'PX', until_ms(busy_until))
    else
        redis.call('DEL', key)
    end
end
