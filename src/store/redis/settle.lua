-- Says what became of a send, unless its code has been replaced, used up or forgotten meanwhile.
--
-- KEYS  code, then the counters: those to give back, and last the one of the back-off if there is one
-- ARGV  id, 'accepted', 'refused' or 'unknown',
--       accepted: route, order id, message id, cost ('' where there is none)
--       refused: cost of the back-off in microseconds (0: none), cost of each charge to give back
-- Gives 'settled' or 'superseded'
local code = redis.call('HMGET', KEYS[1], 'id', 'expires')
if code[1] ~= ARGV[1] then
    return {'superseded'}
end
if ARGV[2] == 'accepted' and #ARGV == 6 then
    redis.call('HSET', KEYS[1], 'route', ARGV[3], 'order', ARGV[4], 'message', ARGV[5], 'cost', ARGV[6])
elseif ARGV[2] == 'refused' then
    redis.call('DEL', KEYS[1])
    count_live(tonumber(code[2]), -1)
    for i = 4, #ARGV do
        local busy_until = redis.call('GET', KEYS[i - 2])
        if busy_until then
            keep_counter(KEYS[i - 2], tonumber(busy_until) - ARGV[i])
        end
    end
    local back_off = tonumber(ARGV[3])
    if back_off > 0 then
        local busy_until = math.max(now, tonumber(redis.call('GET', KEYS[#KEYS]) or now))
        keep_counter(KEYS[#KEYS], busy_until + back_off)
    end
end
return {'settled'}
