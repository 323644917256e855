-- Before the scripts that touch what is watched (watch in charge.hpp). Kept of it: the hour, sent now and
-- in the hour before, verified now and in the hour before, the day, verified by day (1 is today), until when
-- it is blocked, until when it is kept. Hours and days are counted from the epoch.
local hour_ms, day_ms, days_kept = 3600000, 86400000, 15
local now_ms = quotient(now, 1000)

-- To the hour and the day of `at`.
local function roll(w, at)
    local hour, day = quotient(at, hour_ms), quotient(at, day_ms)
    if w.hour ~= hour then
        local next = hour == w.hour + 1
        w.sent, w.sent_before = 0, next and w.sent or 0
        w.verified, w.verified_before = 0, next and w.verified or 0
    end
    local passed = math.min(days_kept, math.max(0, day - w.day))
    for i = days_kept, 1, -1 do
        w.days[i] = i > passed and w.days[i - passed] or 0
    end
    w.hour, w.day = hour, day
end

local function read_watch(key)
    local v = read_integers(key, 23)
    local w = {key = key, hour = v[1], sent = v[2], sent_before = v[3], verified = v[4],
               verified_before = v[5], day = v[6], days = {unpack(v, 7, 21)}, blocked_until = v[22],
               expires = v[23]}
    roll(w, now_ms)
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

-- Rounded towards 0, as integers are divided elsewhere.
local function sliding(current, before, length, at)
    local part = quotient(math.abs(before) * (length - math.fmod(at, length)), length)
    return before < 0 and current - part or current + part
end

local function budget_of(w, rule, at)
    local best = math.max(unpack(w.days))
    local last_day = sliding(w.days[1], w.days[2], day_ms, at)
    return math.max(rule.floor, quotient(rule.percent * math.max(best, last_day), 100))
end

local function unverified(w, at)
    return math.max(0, sliding(w.sent - w.verified, w.sent_before - w.verified_before, hour_ms, at))
end

-- The first ms from `at` on, within its hour, at which there is room for one more; nil when there is none.
-- Within an hour the budget never grows, and the unverified of the hour before only get fewer.
local function room_this_hour(w, rule, at)
    local before = w.sent_before - w.verified_before
    for _ = 1, 100 do
        local limit = budget_of(w, rule, at)
        if unverified(w, at) < limit then
            return at
        end
        local spare = limit - 1 - (w.sent - w.verified) -- for those of the hour before
        if limit < 1 or before <= 0 or spare < 0 then
            return nil
        end
        local left = quotient((spare + 1) * hour_ms - 1, before)
        if left <= 0 then
            return nil
        end
        at = (w.hour + 1) * hour_ms - left
    end
    return at
end

-- The same when the hour may end meanwhile; `w` is of no use then. When there is never any: when the hours
-- that are counted are over.
local function next_room(w, rule)
    local at = now_ms
    for _ = 1, 2 do
        local found = room_this_hour(w, rule, at)
        if found then
            return found
        end
        at = (w.hour + 1) * hour_ms
        roll(w, at)
    end
    return at
end

-- What the rule says against one more send: the ms until it admits, and whether the breaker trips with it.
-- nil: nothing.
local function watch_against(w, rule)
    if now < w.blocked_until then
        return until_ms(w.blocked_until), false
    end
    local sent = sliding(w.sent, w.sent_before, hour_ms, now_ms)
    local good = sliding(w.verified, w.verified_before, hour_ms, now_ms)
    if rule.breaker_sent > 0 and sent >= rule.breaker_sent and
        good * 100 < sent * rule.breaker_percent then
        return rule.block, true
    end
    if unverified(w, now_ms) < budget_of(w, rule, now_ms) then
        return nil
    end
    local copy = {hour = w.hour, sent = w.sent, sent_before = w.sent_before, verified = w.verified,
                  verified_before = w.verified_before, day = w.day, days = {unpack(w.days)}}
    return until_ms(next_room(copy, rule) * 1000), false
end
