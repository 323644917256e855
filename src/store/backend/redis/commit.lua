-- Commits a batch (commit.hpp). It knows keys, versions, bytes and integers, and no rule.
--
-- KEYS  the record of the lane's last batch, the states with one writer, the shared states
-- ARGV  msgpack of
--         the batch's number in its lane, the time its rules ran with (microseconds), its groups
--         states with one writer: version or '', group, blob, end in ms ('': compare, '0': delete)
--         shared states: version or '', new structure or '', the place of each of its integers among
--           the old ones (0: none), end in ms, whether it is to be told (1)
--         additions by group: key, integer (0: none), group, skips (1), floor, delta, bound, ceiling
--
-- Returns the time, which groups failed ('': none), and states as they are now: for each the place of
-- its key, its size and itself.
-- Where integers are in a blob: state/shared_state.hpp. All are exact in a double. After a shared state
-- its end is kept, in ms in 8 bytes, so that it is never earlier than it was.
local number, now, groups, writes, shared, additions = unpack(cmsgpack.unpack(ARGV[1]))
local sub, byte, pack, max = string.sub, string.byte, struct.pack, math.max
local time = redis.call('TIME')
local t = time[1] * 1000000 + time[2]
local kept = redis.call('MGET', unpack(KEYS))
local first_shared = 2 + #writes / 4

local function version_at(i)
    return kept[i] and sub(kept[i], 1, 8) or ''
end

-- What came before: an answer that was lost is given again, and a batch that was overtaken by the
-- next of its lane is not done any more. One that is late or early is refused.
local record = kept[1]
local last = record and struct.unpack('<i8', record) or 0
if last > number then
    return ''
end
local outcome = last == number and sub(record, 9) or
                    math.abs(t - now) > 100000 and string.rep('1', groups) or nil
-- Once a script has written, a full server lets it go on: who may not send is has_room()'s affair.
redis.call('DEL', KEYS[1] .. '-')

local failed, told = {}, {}
for group = 1, groups do
    failed[group] = outcome and byte(outcome, group) == 49
end

if not outcome then
    local fields, stale, dirty = {}, {}, {}
    local function fields_at(i) -- and last, where the rest begins
        local blob = kept[i]
        fields[i] = fields[i] or
                        {struct.unpack('<' .. string.rep('i8', byte(blob, 10)), blob, 11)}
        return fields[i]
    end

    for n = 1, #writes, 4 do
        if version_at((n + 7) / 4) ~= writes[n] then
            failed[writes[n + 1]] = true
        end
    end
    for n = 1, #shared, 5 do
        local i = first_shared + (n - 1) / 5
        if version_at(i) ~= shared[n] then
            stale[i] = true
        elseif shared[n + 1] ~= '' then
            local old = kept[i] and fields_at(i)
            kept[i] = shared[n + 1] .. (old and sub(kept[i], -8) or pack('<i8', 0))
            fields[i], dirty[i] = nil, true
            for field, source in ipairs(shared[n + 2]) do
                if source > 0 then
                    fields_at(i)[field] = old[source]
                end
            end
        end
    end

    -- Group after group; the value before takes the place of an addition's floor.
    local a = 1
    while a <= #additions do
        local first, group = a, additions[a + 2]
        while additions[a + 2] == group and not failed[group] do
            local i, field = additions[a], additions[a + 1]
            if stale[i] then
                failed[group] = true
            elseif field > 0 then
                local value = fields_at(i)[field]
                local sum = max(value > additions[a + 7] and 0 or value, additions[a + 4]) +
                                additions[a + 5]
                additions[a + 4] = value
                if sum <= additions[a + 6] then
                    fields[i][field] = sum
                elseif additions[a + 3] == 0 then
                    failed[group] = true
                end
            end
            a = a + 8
        end
        if failed[group] then
            for undone = a - 8, first, -8 do
                local i, field = additions[undone], additions[undone + 1]
                if field > 0 and not stale[i] then
                    fields[i][field] = additions[undone + 4]
                end
            end
        else
            for done = first, a - 8, 8 do
                local i, field = additions[done], additions[done + 1]
                if field > 0 and fields[i][field] ~= additions[done + 4] then
                    dirty[i] = true
                end
            end
        end
        while additions[a + 2] == group do
            a = a + 8
        end
    end

    for i in pairs(dirty) do
        local blob = kept[i]
        local ends = max(shared[(i - first_shared) * 5 + 4], struct.unpack('<i8', blob, #blob - 7))
        local values = fields_at(i)
        local format = '<c10' .. string.rep('i8', #values - 1) .. 'c0i8'
        values[#values] = sub(blob, values[#values], -9)
        values[#values + 1] = ends
        kept[i] = pack(format, blob, unpack(values))
        redis.call('SET', KEYS[i], kept[i], 'PXAT', ends)
        told[i] = true
    end
    for n = 1, #writes, 4 do
        local ends = writes[n + 3]
        if ends ~= '' and not failed[writes[n + 1]] then
            local key = KEYS[(n + 7) / 4]
            if ends == '0' then
                redis.call('DEL', key)
            else
                redis.call('SET', key, writes[n + 2], 'PXAT', ends)
            end
        end
    end
    outcome = ''
    for group = 1, groups do
        if failed[group] then
            for each = 1, groups do
                outcome = outcome .. (failed[each] and '1' or '0')
            end
            break
        end
    end
end
-- Again when it was there, so that WAIT is for all of it.
redis.call('SET', KEYS[1], pack('<i8', number) .. outcome, 'PX', 60000)

if outcome ~= '' then
    for n = 1, #writes, 4 do
        told[(n + 7) / 4] = failed[writes[n + 1]] or nil
    end
    for a = 1, #additions, 8 do
        told[additions[a]] = told[additions[a]] or failed[additions[a + 2]] or nil
    end
end
for n = 5, #shared, 5 do
    local i = first_shared + (n - 5) / 5
    told[i] = told[i] or shared[n] == 1 or nil
end
local answer = {pack('<i8i8', t, #outcome), outcome}
for i in pairs(told) do
    local blob = kept[i] or ''
    answer[#answer + 1] = pack('<i8i8', i, #blob)
    answer[#answer + 1] = blob
end
return table.concat(answer)
