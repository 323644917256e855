// The W3C Trace Context: which values of traceparent are a context, and what is passed on.

#include "otpd/core/encoding.hpp"
#include "otpd/core/trace.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace otpd;

namespace {

std::string const w3c_trace = "4bf92f3577b34da6a3ce929d0e0e4736";
std::string const w3c_span = "00f067aa0ba902b7";
std::string const w3c_example = "00-" + w3c_trace + '-' + w3c_span + "-01";

} // namespace

BOOST_AUTO_TEST_SUITE(traces)

BOOST_AUTO_TEST_CASE(a_traceparent_is_read_and_written_as_it_was) {
    auto const read = parse_traceparent(w3c_example);
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST(to_hex(read->trace) == w3c_trace);
    BOOST_TEST(to_hex(read->span) == w3c_span);
    BOOST_TEST(read->is_sampled());
    BOOST_TEST(!read->is_recorded);
    BOOST_TEST(to_traceparent(*read) == w3c_example);
    auto const unsampled = w3c_example.substr(0, 53) + "00";
    BOOST_TEST(!parse_traceparent(unsampled)->is_sampled());
    BOOST_TEST(to_traceparent(*parse_traceparent(unsampled)) == unsampled);
}

BOOST_AUTO_TEST_CASE(a_malformed_traceparent_is_none) {
    std::string const zeros(32, '0');
    for (auto const& text : {std::string(),
                             w3c_example.substr(1),
                             w3c_example.substr(0, 54),
                             w3c_example + '-',
                             w3c_example + "-00",
                             w3c_example + ' ',
                             ' ' + w3c_example,
                             "ff-" + w3c_trace + '-' + w3c_span + "-01",
                             "0g-" + w3c_trace + '-' + w3c_span + "-01",
                             "00-" + zeros + '-' + w3c_span + "-01",
                             "00-" + w3c_trace + '-' + zeros.substr(16) + "-01",
                             "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + w3c_span + "-01",
                             "00-" + w3c_trace + '-' + w3c_span + "-0A",
                             "00-" + w3c_trace + '-' + w3c_span + "-1",
                             "00-" + w3c_trace + '-' + w3c_span + "-0x",
                             "00_" + w3c_trace + '-' + w3c_span + "-01",
                             "00-" + w3c_trace + '_' + w3c_span + "-01",
                             "00-" + w3c_trace + '-' + w3c_span + "_01",
                             "00-" + w3c_trace.substr(1) + "--" + w3c_span + "-01",
                             "CC-" + w3c_trace + '-' + w3c_span + "-01",
                             "cc-" + w3c_trace + '-' + w3c_span + "-01x",
                             std::string(55, '-'),
                             std::string(55, '\0')})
        BOOST_TEST(!parse_traceparent(text), text);
}

BOOST_AUTO_TEST_CASE(a_higher_version_is_read_by_its_first_four_fields) {
    for (auto const* rest : {"", "-", "-what-the-future-brings"}) {
        auto const read = parse_traceparent("cc-" + w3c_trace + '-' + w3c_span + "-01" + rest);
        BOOST_TEST_REQUIRE(read.has_value(), rest);
        BOOST_TEST(to_traceparent(*read) == w3c_example);
    }
}

BOOST_AUTO_TEST_CASE(unknown_flags_are_not_passed_on) {
    BOOST_TEST(to_traceparent(*parse_traceparent(w3c_example.substr(0, 53) + "ff")) == w3c_example);
    BOOST_TEST(!parse_traceparent(w3c_example.substr(0, 53) + "fe")->is_sampled());
}

BOOST_AUTO_TEST_CASE(a_tracestate_is_short_and_printable) {
    BOOST_TEST(is_tracestate("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"));
    BOOST_TEST(is_tracestate(std::string(512, 'a')));
    BOOST_TEST(!is_tracestate(std::string(513, 'a')));
    BOOST_TEST(!is_tracestate(""));
    BOOST_TEST(!is_tracestate("a=b\r\nX-API-KEY: stolen"));
    BOOST_TEST(!is_tracestate("caf\xC3\xA9=1"));
}

BOOST_AUTO_TEST_CASE(only_a_recorded_trace_gets_spans_of_its_own) {
    auto context = *parse_traceparent(w3c_example);
    BOOST_TEST((child_of(context) == context));
    context.is_recorded = true;
    auto const child = child_of(context);
    BOOST_TEST((child.trace == context.trace));
    BOOST_TEST((child.span != context.span));
    BOOST_TEST((child.span != child_of(context).span));
    BOOST_TEST(!child_of(trace_context()).exists());
}

BOOST_AUTO_TEST_SUITE_END()
