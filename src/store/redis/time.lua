-- Before every script: microseconds of the server's clock, exact in a double until the year 2255.
local time = redis.pcall('TIME')
if time.err then
    return {err = time.err .. ' (TIME)'} -- what is missing is to be named
end
local now = time[1] * 1000000 + time[2]

-- Milliseconds from now to `at`, rounded up, 1 at least: who waits as long as told is not refused again.
local function until_ms(at)
    return math.max(1, math.ceil((at - now) / 1000))
end

-- The strings at KEYS before this script, all read at once: it is the number of calls that costs.
local strings
local function string_at(key)
    if not strings then
        strings = {}
        for i, value in ipairs(redis.call('MGET', unpack(KEYS))) do
            strings[KEYS[i]] = value -- false: none, or a hash
        end
    end
    return strings[key]
end

-- What is kept in a fixed number of integers is one string of them. Those that are not there are 0.
local function read_integers(key, count)
    local values = {}
    for word in string.gmatch(string_at(key) or '', '%S+') do
        values[#values + 1] = tonumber(word)
    end
    for i = #values + 1, count do
        values[i] = 0
    end
    return values
end

-- Keeps them until `at`.
local function keep_integers(key, values, at)
    if at <= now then
        redis.call('DEL', key)
        return
    end
    local words = {}
    for i, value in ipairs(values) do
        words[i] = text(value)
    end
    redis.call('SET', key, table.concat(words, ' '), 'PX', until_ms(at))
end
