-- Commits a batch (commit.hpp). Handles keys, versions, bytes and integers, and contains no rules.
--
-- KEYS  the record of the lane's last batch, the states with one writer, the shared states
-- ARGV  1: integers in 8 bytes, which are read faster than a list:
--         the batch's number in its lane; the time that its rules ran with (microseconds); the
--           numbers of groups, of states with one writer, of kinds of additions and of additions
--         states with one writer: group
--         kinds of additions: skips (1), floor, delta, bound, ceiling
--         additions, sorted by place: place, and the index of their kind among these integers.
--           A place is 4096 times the index of the key, plus the position of the integer in the
--           blob (0: nothing is added)
--         shared states: expiry in ms, whether the reply must contain the state (1)
--       2: a list of texts in msgpack
--         states with one writer: version or '', blob, expiry in ms ('': compare, '0': delete)
--         shared states: version or '', new structure or '' and the index of each of its integers
--           among the old ones (bytes; 0: none)
--         additions: the groups that make them (bytes)
--
-- Returns the time, which groups failed ('': none), and current states: for each the index of its
-- key, its size and its bytes. state/shared_state.hpp defines where a blob's integers are. All
-- integers are exact in a double. A shared state is followed by its expiry (ms in 8 bytes), which
-- never becomes earlier.
local sub, byte, max, concat = string.sub, string.byte, math.max, table.concat
local pack, read, call = struct.pack, struct.unpack, redis.call
local integers = {}
for at = 0, #ARGV[1] / 8 - 1, 4000 do -- the stack has no room for more
    local size = math.min(4000, #ARGV[1] / 8 - at)
    local some = {read('<' .. string.rep('i8', size), ARGV[1], 8 * at + 1)}
    if at == 0 then
        integers = some
    else
        for n = 1, size do
            integers[at + n] = some[n]
        end
    end
end
local texts = cmsgpack.unpack(ARGV[2])
local number, now, groups, writes, kinds, additions = unpack(integers, 1, 6)
local first_shared = 2 + writes
local shared = #KEYS - 1 - writes
-- Each index is the one before the first element.
local groups_of_writes = 6
local places = groups_of_writes + writes + 5 * kinds
local of_shared = places + 2 * additions
local texts_of_shared = 3 * writes
local groups_of = texts_of_shared + 2 * shared

local time = call('TIME')
local t = time[1] * 1000000 + time[2]
local kept = call('MGET', unpack(KEYS))

-- Earlier calls: a repeated batch gets the recorded outcome again, and a batch that the next one of
-- its lane has overtaken is not executed. A batch whose time differs too much is refused.
local record = kept[1]
local last = record and read('<i8', record) or 0
if last > number then
    return ''
end
local outcome = last == number and sub(record, 9) or
                    math.abs(t - now) > 100000 and string.rep('1', groups) or nil
local is_done = outcome ~= nil

local failed, told, restructured, values = {}, {}, {}, {}
if outcome then
    for group = 1, #outcome do
        failed[group] = byte(outcome, group) == 49 or nil
    end
else
    for n = 1, writes do
        local blob = kept[n + 1]
        if (blob and sub(blob, 1, 8) or '') ~= texts[3 * n - 2] then
            failed[integers[groups_of_writes + n]] = true
        end
    end
    local stale
    for n = 1, shared do
        local i = first_shared + n - 1
        local blob, fresh = kept[i], texts[texts_of_shared + 2 * n]
        if (blob and sub(blob, 1, 8) or '') ~= texts[texts_of_shared + 2 * n - 1] then
            stale = stale or {}
            stale[i] = true
        elseif fresh ~= '' then
            local count = byte(fresh, 10)
            local parts = {sub(fresh, 1, 10)}
            for field = 1, count do
                local source = byte(fresh, field - count - 1)
                local at = 3 + 8 * (source > 0 and source or field)
                parts[field + 1] = sub(source > 0 and blob or fresh, at, at + 7)
            end
            parts[count + 2] = sub(fresh, 11 + 8 * count, -1 - count)
            parts[count + 3] = blob and sub(blob, -8) or pack('<i8', 0)
            kept[i] = concat(parts)
            restructured[i] = true
        end
    end
    if stale then
        for a = 1, additions do
            if stale[math.floor(integers[places + 2 * a - 1] / 4096)] then
                local its_groups = texts[groups_of + a]
                for n = 1, #its_groups do
                    failed[byte(its_groups, n)] = true
                end
            end
        end
    end

    -- Makes equal additions together. If one exceeds its bound, starts again group by group.
    local some_failed = next(failed)
    local is_over, last_place, value
    for a = 1, additions do
        local place, kind = integers[places + 2 * a - 1], integers[places + 2 * a]
        local its_groups = texts[groups_of + a]
        local offset, times = place % 4096, #its_groups
        if some_failed then
            for n = 1, #its_groups do
                if failed[byte(its_groups, n)] then
                    times = times - 1
                end
            end
        end
        if offset > 0 and times > 0 then
            if place ~= last_place then
                value = read('<i8', kept[(place - offset) / 4096], offset)
                last_place = place
            end
            local before = value
            value = max(before > integers[kind + 4] and 0 or before, integers[kind + 1]) + times *
                        integers[kind + 2]
            if value > integers[kind + 3] then
                is_over = true
                break
            end
            values[a] = value ~= before and value or nil
        end
    end
    if is_over then
        local sums, of_group = {}, {}
        for group = 1, groups do
            of_group[group] = {}
        end
        for a = 1, additions do
            local its_groups = texts[groups_of + a]
            for n = 1, #its_groups do
                table.insert(of_group[byte(its_groups, n)], a)
            end
        end
        for group = 1, groups do
            local mine = {}
            for _, a in ipairs(of_group[group]) do
                local place, kind = integers[places + 2 * a - 1], integers[places + 2 * a]
                local offset = place % 4096
                if failed[group] then
                    break
                elseif offset > 0 then
                    local before = mine[place] or sums[place] or
                                       read('<i8', kept[(place - offset) / 4096], offset)
                    local sum = max(before > integers[kind + 4] and 0 or before,
                                    integers[kind + 1]) + integers[kind + 2]
                    if sum <= integers[kind + 3] then
                        mine[place] = sum
                    elseif integers[kind] == 0 then
                        failed[group] = true
                    end
                end
            end
            if not failed[group] then
                for place, sum in pairs(mine) do
                    sums[place] = sum
                end
            end
        end
        for a = 1, additions do
            values[a] = sums[integers[places + 2 * a - 1]]
        end
    end

    outcome = ''
    if next(failed) then
        local flags = {}
        for group = 1, groups do
            flags[group] = failed[group] and '1' or '0'
        end
        outcome = concat(flags)
    end
end

-- Writes the record first, and again for a repeated batch, so that WAIT covers everything. A server
-- that is full lets a script continue once it has written; has_room() refuses new sends. A batch
-- without groups checks whether this user may run all commands.
record = pack('<i8', number) .. outcome
if groups == 0 or redis.pcall('SET', KEYS[1], record, 'PX', '60000').err then
    call('DEL', KEYS[1] .. '-')
    call('SET', KEYS[1], record, 'PX', '60000')
end

if not is_done then
    for n = 1, writes do
        local ends = texts[3 * n]
        if ends ~= '' and not failed[integers[groups_of_writes + n]] then
            if ends == '0' then
                call('DEL', KEYS[n + 1])
            else
                call('SET', KEYS[n + 1], texts[3 * n - 1], 'PXAT', ends)
            end
        end
    end
    local a, parts = 1, {}
    for n = 1, shared do
        local i = first_shared + n - 1
        local blob, count, from = kept[i], 0, 1
        while a <= additions and integers[places + 2 * a - 1] < 4096 * (i + 1) do
            if values[a] then
                local offset = integers[places + 2 * a - 1] % 4096
                if offset >= from then -- otherwise it is the same integer again
                    parts[count + 1] = sub(blob, from, offset - 1)
                    count = count + 2
                    from = offset + 8
                end
                parts[count] = pack('<i8', values[a])
            end
            a = a + 1
        end
        if count > 0 or restructured[i] then
            local ends = integers[of_shared + 2 * n - 1]
            if ends > read('<i8', blob, #blob - 7) then
                parts[count + 1] = sub(blob, from, -9)
                parts[count + 2] = pack('<i8', ends)
                kept[i] = concat(parts, '', 1, count + 2)
                call('SET', KEYS[i], kept[i], 'PXAT', ends)
            else
                parts[count + 1] = sub(blob, from)
                kept[i] = concat(parts, '', 1, count + 1)
                call('SET', KEYS[i], kept[i], 'KEEPTTL')
            end
            told[i] = true
        end
    end
end

if outcome ~= '' then
    for n = 1, writes do
        told[n + 1] = failed[integers[groups_of_writes + n]]
    end
    for a = 1, additions do
        local its_groups = texts[groups_of + a]
        for n = 1, #its_groups do
            if failed[byte(its_groups, n)] then
                told[math.floor(integers[places + 2 * a - 1] / 4096)] = true
            end
        end
    end
end
for n = 1, shared do
    if integers[of_shared + 2 * n] == 1 then
        told[first_shared + n - 1] = true
    end
end
local answer = {pack('<i8i8', t, #outcome), outcome}
for i in pairs(told) do
    local blob = kept[i] or ''
    answer[#answer + 1] = pack('<i8i8', i, #blob)
    answer[#answer + 1] = blob
end
return concat(answer)
