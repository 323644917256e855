-- Before the scripts that touch what is watched (watch in charge.hpp). Kept of it: the hour, sent now and
-- in the hour before, verified now and in the hour before, the day, verified by day (1 is today), until when
-- it is blocked, until when it is kept. Hours and days are counted from the epoch.
local hour_ms, day_ms, days_kept = 3600000, 86400000, 15
local now_ms = quotient(now, 1000)

local function read_watch(key)
    local v = read_integers(key, 23)
    local w = {key = key, sent = v[2], sent_before = v[3], verified = v[4], verified_before = v[5],
               days = {unpack(v, 7, 21)}, blocked_until = v[22], expires = v[23]}
    w.hour, w.day = quotient(now_ms, hour_ms), quotient(now_ms, day_ms)
    if w.hour ~= v[1] then
        local next = w.hour == v[1] + 1
        w.sent, w.sent_before = 0, next and w.sent or 0
        w.verified, w.verified_before = 0, next and w.verified or 0
    end
    local passed = math.min(days_kept, math.max(0, w.day - v[6]))
    for i = days_kept, 1, -1 do
        w.days[i] = i > passed and w.days[i - passed] or 0
    end
    return w
end

-- For `ms` from now at least, and never shorter than it is kept already.
local function keep_watch(w, ms)
    w.expires = math.max(w.expires, now + ms * 1000, w.blocked_until)
    local values = {w.hour, w.sent, w.sent_before, w.verified, w.verified_before, w.day,
                    unpack(w.days)}
    values[#values + 1] = w.blocked_until
    values[#values + 1] = w.expires
    keep_integers(w.key, values, w.expires)
end

local function count_sent(w)
    w.sent = w.sent + 1
    keep_watch(w, 2 * hour_ms)
end

local function count_verified(w)
    w.verified, w.days[1] = w.verified + 1, w.days[1] + 1
    keep_watch(w, 14 * day_ms)
end

-- One that was not sent after all.
local function uncount_sent(w)
    if w.sent > 0 then
        w.sent = w.sent - 1
    else
        w.sent_before = math.max(0, w.sent_before - 1)
    end
    keep_watch(w, 0)
end

local function sliding(current, before, length)
    return current + quotient(before * (length - math.fmod(now_ms, length)), length)
end

-- What the rule says against one more send: the ms until it admits, and whether the breaker trips with it.
-- nil: nothing.
local function watch_against(w, rule)
    if now < w.blocked_until then
        return until_ms(w.blocked_until), false
    end
    local sent = sliding(w.sent, w.sent_before, hour_ms)
    local good = sliding(w.verified, w.verified_before, hour_ms)
    if rule.breaker_sent > 0 and sent >= rule.breaker_sent and
        good * 100 < sent * rule.breaker_percent then
        return rule.block, true
    end
    local best = math.max(unpack(w.days))
    local last_day = sliding(w.days[1], w.days[2], day_ms)
    local budget = math.max(rule.floor, quotient(rule.percent * best, 100),
                            quotient(rule.percent * last_day, 100))
    if math.max(0, sent - good) + 1 > budget then
        return until_ms((w.hour + 1) * hour_ms * 1000), false
    end
    return nil
end
