#include "backend/redis/link.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/net/tls_context.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancel_after.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/redis/request.hpp>
#include <boost/redis/response.hpp>

#include <openssl/sha.h>

namespace otpd::store {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// For each step of connecting. Short, because all requests are refused meanwhile.
constexpr auto step_timeout = 1s;
constexpr auto greeting_timeout = 4 * step_timeout;
/// A server that is silent for twice this long counts as dead. The limit is twice the time of a
/// step if that is longer, because WAIT may keep the server silent during a step.
constexpr auto silence_min = 500ms;
/// Of a batch with the largest number states.
constexpr std::size_t answer_bytes_max = 16 * 1024 * 1024;

boost::redis::config to_config(redis_options const& options) {
    auto const& where = options.where;
    boost::redis::config config;
    config.use_ssl = where.tls;
    config.unix_socket = where.path;
    auto const to_address = [](server_address const& server) {
        return boost::redis::address{server.host, std::to_string(server.port)};
    };
    if (where.master.empty()) {
        if (!where.servers.empty()) config.addr = to_address(where.servers.front());
    } else {
        for (auto const& server : where.servers)
            config.sentinel.addresses.push_back(to_address(server));
        config.sentinel.master_name = where.master;
        config.sentinel.use_ssl = where.tls;
    }
    config.use_setup = true;
    config.setup.clear();
    if (where.password.empty())
        config.setup.hello();
    else
        config.setup.hello(where.user.empty() ? "default" : where.user, where.password.reveal());
    if (where.database != 0) config.setup.push("SELECT", where.database);

    config.resolve_timeout = step_timeout;
    config.connect_timeout = step_timeout;
    config.ssl_handshake_timeout = step_timeout;
    config.health_check_interval = std::max<duration>(silence_min, options.timeout);
    config.health_check_id = "otpd";
    config.reconnect_wait_interval = 0s; // run() reconnects
    config.max_read_size = answer_bytes_max;
    return config;
}

/// The ex-data slot of an SSL_CTX that holds the server's name.
int server_name_slot() {
    static int const index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

/// Boost.Redis creates its TLS streams itself, so this callback sets the name before the first
/// message of a handshake.
void name_server(SSL const* ssl, int where, int) {
    if ((where & SSL_CB_HANDSHAKE_START) == 0) return;
    auto* const name = static_cast<std::string const*>(
        SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), server_name_slot()));
    SSL_set_tlsext_host_name(const_cast<SSL*>(ssl), name->c_str());
}

/// Sentinels report servers by address, so only the certificate chain can be verified with them.
/// The certificate authority must therefore be the operator's own (docs/operations.md).
/// `server_name` must outlive the context.
asio::ssl::context to_tls(redis_options const& options, std::string& server_name) {
    if (!options.where.tls) return asio::ssl::context(asio::ssl::context::tls_client);
    net::tls_context trust(options.ca_file);
    auto& native = trust.native();
    if (!options.certificate_file.empty()) {
        native.use_certificate_chain_file(options.certificate_file);
        native.use_private_key_file(options.key_file, asio::ssl::context::pem);
    }
    if (options.where.master.empty()) {
        server_name = options.where.servers.front().host;
        boost::system::error_code no_address;
        asio::ip::make_address(server_name, no_address);
        trust.expect_host(server_name, !no_address);
        if (no_address) {
            SSL_CTX_set_ex_data(native.native_handle(), server_name_slot(), &server_name);
            SSL_CTX_set_info_callback(native.native_handle(), name_server);
        }
    }
    return std::move(native);
}

bool starts_with_word(std::string_view text, std::string_view word) {
    return text.starts_with(word) && (text.size() == word.size() || text[word.size()] == ' ');
}

/// Whether the error is temporary, as opposed to a misconfigured server.
bool is_passing(std::string_view error) {
    for (auto const* word : {"LOADING", "BUSY", "MASTERDOWN", "READONLY", "NOREPLICAS", "OOM",
                             "MISCONF", "CLUSTERDOWN", "TRYAGAIN"})
        if (starts_with_word(error, word)) return true;
    return false;
}

/// The digest by which the server knows the script.
std::string const& script_digest() {
    static std::string const digest = [] {
        auto const source = redis::commit_script();
        std::array<std::byte, SHA_DIGEST_LENGTH> sum{};
        SHA1(reinterpret_cast<unsigned char const*>(source.data()), source.size(),
             reinterpret_cast<unsigned char*>(sum.data()));
        return to_hex(sum);
    }();
    return digest;
}

steady_time steady_now() {
    return std::chrono::steady_clock::now();
}

} // namespace

redis_link::redis_link(net::strand guard, redis_options const& options, std::string probe_lane,
                       events events)
    : guard_(std::move(guard)), probe_lane_(std::move(probe_lane)), events_(std::move(events)),
      config_(to_config(options)),
      connection_(guard_, to_tls(options, server_name_),
                  boost::redis::logger(boost::redis::logger::level::err,
                                       [this](boost::redis::logger::level, std::string_view text) {
                                           last_error_ = text;
                                       })),
      pause_(guard_), greeting_ended_(guard_), first_attempt_(guard_) {}

// --- calls --------------------------------------------------------------------------------------

asio::awaitable<redis_reply> redis_link::call(redis_call const& call, duration timeout) {
    auto reply = co_await execute(call, timeout, "EVALSHA", script_digest());
    if (starts_with_word(reply.text, "NOSCRIPT")) // after SCRIPT FLUSH, or on another server
        reply = co_await execute(call, timeout, "EVAL", redis::commit_script());
    // A demoted master: reconnecting finds the new one.
    if (reply.type == redis_reply::kind::refused && starts_with_word(reply.text, "READONLY"))
        give_up(reply.text);
    co_return reply;
}

asio::awaitable<redis_reply> redis_link::probe(duration timeout) {
    redis_call nothing;
    encode(commit(), probe_lane_, ++probes_, nothing);
    co_return co_await call(nothing, timeout);
}

asio::awaitable<redis_reply> redis_link::execute(redis_call const& call, duration timeout,
                                                 std::string_view command,
                                                 std::string_view script) {
    auto const count = std::to_string(call.keys.size());
    std::vector<std::string_view> words{script, count};
    words.insert(words.end(), call.keys.begin(), call.keys.end());
    words.push_back(call.integers);
    words.push_back(call.texts);
    boost::redis::request request;
    // The greeting waits for the connection.
    request.get_config().cancel_if_not_connected = is_ready_;
    request.push_range(command, words);
    boost::redis::response<std::string, std::int64_t> response;
    auto& [ran, replicas] = response;
    replicas = std::int64_t{0};
    // Less than the call's timeout: an answer "too few replicas" must be distinguishable from a
    // lost server.
    if (call.replicas > 0)
        request.push("WAIT", call.replicas, std::max<duration::rep>(1, timeout.count() * 3 / 4));

    redis_reply reply;
    reply.sent = steady_now();
    ++in_flight_;
    boost::redis::any_adapter adapter(response);
    auto const [ec, size] = co_await connection_.async_exec(request, std::move(adapter),
                                                            asio::cancel_after(timeout, no_throw));
    --in_flight_;
    reply.received = steady_now();
    if (ec) co_return reply;
    if (ran.has_error()) {
        reply.type = redis_reply::kind::refused;
        reply.text = ran.error().diagnostic;
        co_return reply;
    }
    reply.type = redis_reply::kind::answered;
    reply.text = std::move(*ran);
    reply.is_replicated =
        call.replicas == 0 || (replicas.has_value() && *replicas >= call.replicas);
    co_return reply;
}

asio::awaitable<redis_reply> redis_link::ask(std::vector<std::string> command, duration timeout) {
    boost::redis::request request;
    request.get_config().cancel_if_not_connected = is_ready_;
    if (command.size() == 1)
        request.push(command.front()); // it takes no empty range
    else
        request.push_range(command.front(), std::next(command.begin()), command.end());
    boost::redis::generic_response response;
    boost::redis::any_adapter adapter(response);
    redis_reply reply;
    auto const [ec, size] = co_await connection_.async_exec(request, std::move(adapter),
                                                            asio::cancel_after(timeout, no_throw));
    if (ec) co_return reply;
    if (response.has_error()) {
        reply.type = redis_reply::kind::refused;
        reply.text = response.error().diagnostic;
        co_return reply;
    }
    reply.type = redis_reply::kind::answered;
    for (auto& node : response.value())
        if (!boost::redis::resp3::is_aggregate(node.data_type))
            reply.values.push_back(std::move(node.value));
    co_return reply;
}

// --- the connection -----------------------------------------------------------------------------

asio::awaitable<void> redis_link::run() {
    while (!stopped_) {
        co_await connect_once();
        first_attempt_.end();
        bool const was_ready = std::exchange(was_ready_, false);
        if (stopped_) break;
        events_.lost(was_ready, refusal_);
        co_await pause_.wait(was_ready);
    }
    first_attempt_.end();
}

void redis_link::stop() {
    stopped_ = true;
    pause_.cancel();
    connection_.cancel();
}

/// Connects, and returns when the connection has ended.
asio::awaitable<void> redis_link::connect_once() {
    refusal_.clear();
    last_error_.clear();
    is_greeting_over_ = false;
    greeting_ended_.expires_at(steady_time::max());
    auto ended = [this](std::exception_ptr thrown) {
        is_greeting_over_ = true;
        greeting_ended_.cancel();
        if (thrown) give_up("an exception while greeting the server");
    };
    asio::co_spawn(guard_, greet(), asio::bind_executor(guard_, ended));
    auto const [ec] = co_await connection_.async_run(config_, no_throw);
    if (last_error_.empty()) last_error_ = ec ? ec.message() : "the connection ended";
    if (ec == boost::redis::error::resp3_hello && !is_passing(last_error_))
        first_attempt_.end(last_error_);
    if (refusal_.empty()) refusal_ = last_error_; // the greeting fails after it, because of it
    set_unready();
    connection_.cancel(boost::redis::operation::exec);
    while (!is_greeting_over_)
        co_await greeting_ended_.async_wait(no_throw);
}

asio::awaitable<void> redis_link::greet() {
    std::vector<std::string> info{"INFO"};
    auto const answer = co_await ask(std::move(info), greeting_timeout);
    if (answer.type != redis_reply::kind::answered) {
        refuse(answer);
        co_return;
    }
    auto const server = parse_redis_info(answer.values.empty() ? "" : answer.values.front());
    if (auto why = why_unusable(server)) {
        refuse(false, *why);
        co_return;
    }
    if (server.role != "master") {
        refuse(true, "the server is a replica");
        co_return;
    }
    // Whether this user may run what the script does.
    auto probed = co_await probe(greeting_timeout);
    if (probed.type == redis_reply::kind::refused)
        probed.text = co_await find_refused_command(probed.text);
    if (probed.type != redis_reply::kind::answered) {
        refuse(probed);
        co_return;
    }
    is_ready_ = true;
    events_.ready(server, probed);
    first_attempt_.end();
}

/// Returns the server's refusal of the command that this user may not run, or else `why`. The
/// refusal of a script does not name the command, so this tries each alone.
asio::awaitable<std::string> redis_link::find_refused_command(std::string why) {
    std::vector<std::string> const commands[] = {
        {"TIME"}, {"MGET", probe_lane_}, {"SET", probe_lane_, "", "PX", "1"}, {"DEL", probe_lane_}};
    for (auto command : commands) {
        auto const reply = co_await ask(std::move(command), greeting_timeout);
        if (reply.type == redis_reply::kind::refused && starts_with_word(reply.text, "NOPERM"))
            co_return reply.text;
    }
    co_return why;
}

void redis_link::refuse(redis_reply const& reply) {
    if (reply.type == redis_reply::kind::lost)
        refuse(true, "the server does not answer");
    else
        refuse(is_passing(reply.text), reply.text);
}

void redis_link::refuse(bool is_usable_later, std::string why) {
    if (!is_usable_later) first_attempt_.end(why);
    give_up(std::move(why));
}

/// Ends this connection; run() makes the next.
void redis_link::give_up(std::string why) {
    if (refusal_.empty()) refusal_ = std::move(why);
    set_unready();
    connection_.cancel(boost::redis::operation::run);
}

} // namespace otpd::store
