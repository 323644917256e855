-- Does everything the other scripts do, to a key nobody else uses: a server that is read-only, full or
-- does not let this user do one of them fails here and not in the middle of a request. SET is first: once
-- a script has written, a full server lets it go on.
--
-- KEYS  a key
local failed
local function try(command, ...)
    local reply = redis.pcall(command, ...)
    if not failed and type(reply) == 'table' and reply.err then
        failed = reply.err .. ' (' .. command .. ')'
    end
end
try('SET', KEYS[1], '1', 'PX', 1000)
try('MGET', KEYS[1])
try('INCRBY', KEYS[1], 1)
try('EXPIREAT', KEYS[1], time[1] + 1)
try('DEL', KEYS[1])
try('HSET', KEYS[1], 'a', '1')
try('HMGET', KEYS[1], 'a')
try('HDEL', KEYS[1], 'b')
try('PEXPIRE', KEYS[1], 1000)
try('DEL', KEYS[1])
if failed then
    return {err = failed}
end
return {text(now)}
