// The log: one JSON object per line whatever is logged, nothing waits, and nothing is lost
// uncounted.

#include "otpd/telemetry/log.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/regex.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <semaphore>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

using namespace otpd::telemetry;
namespace json = boost::json;

namespace {

/// Keeps the output. Read it after the logger is destroyed.
class kept_output final : public log_output {
public:
    void write(std::string_view lines) noexcept override { text_ += lines; }

    [[nodiscard]] std::vector<std::string> lines() const {
        std::istringstream in(text_);
        std::vector<std::string> out;
        for (std::string line; std::getline(in, line);)
            out.push_back(line);
        return out;
    }
    [[nodiscard]] std::vector<json::object> objects() const {
        std::vector<json::object> out;
        for (auto const& line : lines())
            out.push_back(json::parse(line).as_object());
        return out;
    }

private:
    std::string text_;
};

/// The object that one call writes; fails the test unless that is exactly one line.
template <class Call>
json::object logged(Call call) {
    kept_output output;
    {
        logger log(output, level::trace, 16);
        call(log);
    }
    auto const objects = output.objects();
    BOOST_TEST_REQUIRE(objects.size() == 1U);
    return objects.front();
}

json::object logged_value(std::string_view text) {
    return logged([&](logger& log) { log.info("value", {{"text", text}}); });
}

/// Blocks the writing thread in its first write until it is released.
class stuck_output final : public log_output {
public:
    void write(std::string_view lines) noexcept override {
        kept_.write(lines);
        if (first_) entered_.release();
        if (first_) let_go_.acquire();
        first_ = false;
    }
    void wait_until_stuck() { entered_.acquire(); }
    void let_go() { let_go_.release(); }
    [[nodiscard]] kept_output const& kept() const { return kept_; }

private:
    kept_output kept_;
    std::binary_semaphore entered_{0};
    std::binary_semaphore let_go_{0};
    bool first_ = true;
};

boost::asio::awaitable<void> log_around_a_suspension(logger& log, std::string id) {
    log.info("before", {{"id", id}, {"step", 1}});
    co_await boost::asio::post(co_await boost::asio::this_coro::executor,
                               boost::asio::use_awaitable);
    log.info("after",
             {{"id", id}, {"text", "literal"}, {"step", 2U}, {"ratio", 0.5}, {"ok", true}});
}

} // namespace

BOOST_AUTO_TEST_SUITE(log_lines)

BOOST_AUTO_TEST_CASE(a_trace_is_shown_by_its_id_and_without_one_there_is_no_field) {
    auto const trace =
        otpd::parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    auto const line = [](otpd::trace_context const& context) {
        return logged([&](logger& log) { log.info("value", {{"trace_id", context}, {"n", 1}}); });
    };
    BOOST_TEST(line(*trace).at("trace_id").as_string() == "4bf92f3577b34da6a3ce929d0e0e4736");
    auto const without = line({});
    BOOST_TEST(!without.contains("trace_id"));
    BOOST_TEST(without.at("n").as_int64() == 1);
}

BOOST_AUTO_TEST_CASE(a_line_has_time_level_event_and_fields_in_order) {
    kept_output output;
    {
        logger log(output, level::info, 16);
        log.warn("listening", {{"listener", "api"},
                               {"port", 8000},
                               {"bytes", std::size_t{7}},
                               {"ratio", 0.5},
                               {"tls", false}});
    }
    auto const lines = output.lines();
    BOOST_TEST_REQUIRE(lines.size() == 1U);
    boost::regex const shape(
        R"(\{"ts":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","level":"warn","event":"listening",)"
        R"("listener":"api","port":8000,"bytes":7,"ratio":(0\.5|5e-01),"tls":false\})");
    BOOST_TEST(boost::regex_match(lines.front(), shape), lines.front());
}

BOOST_AUTO_TEST_CASE(every_level_has_its_name) {
    kept_output output;
    {
        logger log(output, level::trace, 16);
        log.trace("e");
        log.debug("e");
        log.info("e");
        log.warn("e");
        log.error("e");
    }
    std::vector<std::string> names;
    for (auto const& object : output.objects())
        names.emplace_back(object.at("level").as_string());
    BOOST_TEST((names == std::vector<std::string>{"trace", "debug", "info", "warn", "error"}));
}

BOOST_AUTO_TEST_CASE(hostile_text_stays_inside_its_value) {
    for (std::string const text :
         {"\r\n", "a\nb", "\x1b[31mred", "\",\"level\":\"error", "}\n{\"ts\":\"x\"}", "\\", "\\\"",
          "\t\b\f", "\x7F", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9", "plain", "caf\xC3\xA9",
          "\xF0\x9F\x98\x80", "\xEF\xBB\xBF", ""})
        BOOST_TEST(logged_value(text).at("text").as_string() == text);
    std::string const zero("a\0b", 3);
    BOOST_TEST(logged_value(zero).at("text").as_string() == zero);
}

BOOST_AUTO_TEST_CASE(nothing_that_some_reader_takes_for_a_line_end_or_a_command_is_written_raw) {
    std::string every;
    for (int c = 1; c < 0x20; ++c)
        every += static_cast<char>(c);
    every += "\x7F\xC2\x80\xC2\x85\xC2\x9B\xE2\x80\xA8\xE2\x80\xA9";
    std::string fields;
    append_fields(fields, every, {{"every", every}});
    for (char const c : fields)
        BOOST_TEST((c >= ' ' && c <= '~'));
    BOOST_TEST(fields.find("\\u2028\\u2029") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(each_character_is_seen_wherever_it_stands) {
    for (std::size_t size = 1; size <= 20; ++size)
        for (std::size_t at = 0; at < size; ++at)
            for (char c = '\0'; c < '\x7F'; ++c) {
                std::string text(size, 'x');
                text[at] = c;
                std::string line;
                append_fields(line, "e", {{"k", text}});
                bool const escaped = line != R"("event":"e","k":")" + text + '"';
                bool const must_be = c < ' ' || c == '"' || c == '\\';
                BOOST_REQUIRE_MESSAGE(escaped == must_be, int(c) << " at " << at << " of " << size);
            }
}

BOOST_AUTO_TEST_CASE(bytes_that_are_not_utf8_are_replaced_one_by_one) {
    std::string const sign = "\xEF\xBF\xBD";
    for (auto const& [text, expected] : std::vector<std::pair<std::string, std::string>>{
             {"\xFF", sign},
             {"a\x80z", "a" + sign + "z"},
             {"\xC3", sign},
             {"\xC3(", sign + "("},
             {"\xE2\x80", sign + sign},
             {"\xC0\xAF", sign + sign},                       // overlong /
             {"\xE0\x80\xAF", sign + sign + sign},            // overlong /
             {"\xED\xA0\x80", sign + sign + sign},            // surrogate
             {"\xF4\x90\x80\x80", sign + sign + sign + sign}, // past U+10FFFF
             {"\xF0\x82\x82\xAC", sign + sign + sign + sign}, // overlong euro
             {"\xF8\x88\x80\x80\x80", sign + sign + sign + sign + sign}})
        BOOST_TEST(logged_value(text).at("text").as_string() == expected);
}

BOOST_AUTO_TEST_CASE(events_are_escaped_too) {
    auto const object = logged([](logger& log) { log.info("e\n\"", {{"k", 1}}); });
    BOOST_TEST(object.at("event").as_string() == "e\n\"");
    BOOST_TEST(object.at("k").as_int64() == 1);
}

BOOST_AUTO_TEST_CASE(long_text_is_cut) {
    std::string const exact(max_field_bytes, 'x');
    BOOST_TEST(logged_value(exact).at("text").as_string() == exact);
    BOOST_TEST(logged_value(exact + 'y').at("text").as_string() == exact + "\xE2\x80\xA6");
    std::string const huge(1'000'000, '\n');
    BOOST_TEST(logged_value(huge).at("text").as_string().size() == max_field_bytes + 3);
}

BOOST_AUTO_TEST_CASE(a_cut_does_not_split_a_character) {
    auto const object = logged_value(std::string(max_field_bytes - 1, 'x') + "\xC3\xA9tail");
    BOOST_TEST(object.at("text").as_string() ==
               std::string(max_field_bytes - 1, 'x') + "\xC3\xA9\xE2\x80\xA6");
}

BOOST_AUTO_TEST_CASE(a_long_line_loses_its_last_fields_and_says_so) {
    std::string const wide(max_field_bytes, '\n'); // two bytes each if escaped, six as \uXXXX
    auto const object =
        logged([&](logger& log) { log.info("wide", {{"a", wide}, {"b", wide}, {"c", 1}}); });
    BOOST_TEST(object.contains("a"));
    BOOST_TEST(!object.contains("b"));
    BOOST_TEST(object.at("truncated").as_bool());
}

BOOST_AUTO_TEST_CASE(numbers_keep_their_value) {
    using int64 = std::numeric_limits<std::int64_t>;
    using uint64 = std::numeric_limits<std::uint64_t>;
    auto const object = logged([](logger& log) {
        log.info("numbers", {{"least", int64::min()},
                             {"most", uint64::max()},
                             {"tenth", 0.1},
                             {"nan", std::numeric_limits<double>::quiet_NaN()},
                             {"infinite", std::numeric_limits<double>::infinity()}});
    });
    BOOST_TEST(object.at("least").to_number<std::int64_t>() == int64::min());
    BOOST_TEST(object.at("most").to_number<std::uint64_t>() == uint64::max());
    BOOST_TEST(object.at("tenth").as_double() == 0.1);
    BOOST_TEST(object.at("nan").is_null());
    BOOST_TEST(object.at("infinite").is_null());
}

BOOST_AUTO_TEST_CASE(the_lowest_level_can_be_changed_at_any_time) {
    kept_output output;
    {
        logger log(output, level::warn, 16);
        BOOST_TEST(!log.enabled(level::info));
        log.info("hidden");
        log.set_level(level::debug);
        BOOST_TEST(log.enabled(level::debug));
        log.debug("shown");
        log.trace("hidden");
        log.set_level(level::off);
        BOOST_TEST(!log.enabled(level::error));
        log.error("hidden");
    }
    auto const objects = output.objects();
    BOOST_TEST_REQUIRE(objects.size() == 1U);
    BOOST_TEST(objects.front().at("event").as_string() == "shown");
}

BOOST_AUTO_TEST_CASE(a_logger_without_output_discards) {
    logger log;
    BOOST_TEST(!log.enabled(level::error));
    log.error("nothing", {{"a", 1}});
    log.set_level(level::trace);
    BOOST_TEST(log.dropped() == 0U);
}

BOOST_AUTO_TEST_CASE(everything_queued_is_written_before_the_end) {
    kept_output output;
    constexpr int lines = 1000;
    {
        logger log(output, level::info, lines);
        for (int i = 0; i < lines; ++i)
            log.info("line", {{"number", i}});
    }
    auto const objects = output.objects();
    BOOST_TEST_REQUIRE(objects.size() == static_cast<std::size_t>(lines));
    for (int i = 0; i < lines; ++i)
        BOOST_TEST(objects[static_cast<std::size_t>(i)].at("number").as_int64() == i);
}

BOOST_AUTO_TEST_CASE(a_full_queue_gives_up_the_oldest_lines_and_counts_them) {
    stuck_output output;
    constexpr std::int64_t room = 16;
    constexpr std::int64_t too_many = 5;
    {
        logger log(output, level::info, room);
        log.info("first");
        output.wait_until_stuck(); // the first line has left the queue
        for (std::int64_t i = 0; i < room + too_many; ++i)
            log.info("line", {{"number", i}});
        BOOST_TEST(log.dropped() == static_cast<std::uint64_t>(too_many));
        output.let_go();
    }
    std::int64_t expected = too_many;
    std::int64_t reported = 0;
    for (auto const& object : output.kept().objects()) {
        if (object.at("event") == "line") BOOST_TEST(object.at("number").as_int64() == expected++);
        if (object.at("event") == "log_lines_dropped") reported += object.at("lines").as_int64();
    }
    BOOST_TEST(expected == room + too_many);
    BOOST_TEST(reported == too_many);
}

BOOST_AUTO_TEST_CASE(many_threads_write_whole_lines) {
    kept_output output;
    constexpr int threads = 4;
    constexpr int per_thread = 500;
    {
        logger log(output, level::info, threads * per_thread);
        std::vector<std::jthread> writers;
        for (int t = 0; t < threads; ++t)
            writers.emplace_back([&log, t] {
                for (int i = 0; i < per_thread; ++i)
                    log.info("line", {{"thread", t}, {"number", i}});
            });
    }
    std::array<int, threads> next{};
    for (auto const& object : output.objects()) {
        auto const thread = static_cast<std::size_t>(object.at("thread").as_int64());
        BOOST_TEST(object.at("number").as_int64() == next.at(thread)++);
    }
    for (int const count : next)
        BOOST_TEST(count == per_thread);
}

BOOST_AUTO_TEST_CASE(coroutines_may_log_before_and_after_they_wait) {
    kept_output output;
    {
        logger log(output, level::info, 16);
        boost::asio::io_context context;
        boost::asio::co_spawn(context, log_around_a_suspension(log, std::string(100, 'i')),
                              [](std::exception_ptr failed) { BOOST_TEST(!failed); });
        context.run();
    }
    auto const objects = output.objects();
    BOOST_TEST_REQUIRE(objects.size() == 2U);
    BOOST_TEST(objects[1].at("id").as_string() == std::string(100, 'i'));
    BOOST_TEST(objects[1].at("text").as_string() == "literal");
}

BOOST_AUTO_TEST_CASE(a_pipe_that_is_full_for_a_while_loses_nothing) {
    std::array<int, 2> ends{};
    BOOST_TEST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
    std::string const text(1'000'000, 'x'); // a pipe holds 64 KiB
    std::jthread writer([&] {
        descriptor_output(ends[1]).write(text);
        ::close(ends[1]);
    });
    std::string got;
    std::array<char, 4096> part{};
    ::fcntl(ends[0], F_SETFL, 0); // the reader waits
    for (ssize_t n = 1; n > 0;) {
        n = ::read(ends[0], part.data(), part.size());
        if (n > 0) got.append(part.data(), static_cast<std::size_t>(n));
    }
    ::close(ends[0]);
    BOOST_TEST((got == text));
}

BOOST_AUTO_TEST_CASE(output_that_cannot_be_written_is_lost_without_harm) {
    int const closed = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    descriptor_output(closed).write("x\n"); // not open for writing
    ::close(closed);
}

BOOST_AUTO_TEST_SUITE_END()
