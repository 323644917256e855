// An HTTP exchange as plain data: the request, the API's reply, and how it is sent. Everything
// between reading a request and writing bytes uses these types, without sockets.
#pragma once

#include <boost/json/value.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bridgexapi_stub {

using header_list =
    std::vector<std::pair<std::string, std::string>>; // as received, in order, case kept

// Returns the first value of a header, by case-insensitive name; nullptr if absent.
std::string const* find_header(header_list const& headers, std::string_view name);
bool same_text(std::string_view left, std::string_view right); // ASCII, case-insensitive
std::string lower(std::string_view text);                      // ASCII

struct connection_info {
    std::uint64_t number = 0; // 1, 2, 3 ... in order of accepting
    std::string peer;
    std::string tls_version; // "TLSv1.3"; empty for plain HTTP
    bool tls_resumed = false;
};

struct incoming {
    std::string method;
    std::string target;
    unsigned version = 11;
    header_list headers;
    std::string body;
    bool keep_alive = true;
    std::uint64_t wire_bytes = 0; // of the request, head and body
    connection_info connection;
};

struct reply {
    unsigned status = 200;
    header_list headers; // besides content-type and the framing
    std::string content_type = "application/json";
    boost::json::value body;
    std::optional<std::string> raw_body; // instead of `body`

    static reply json(unsigned status, boost::json::value body);
    static reply error(unsigned status, std::string_view detail); // {"detail": "..."}
    std::string text() const;
};

enum class ending {
    keep,  // wait for the next request
    close, // shut down gracefully (TLS: close_notify, then FIN)
    abort, // FIN without close_notify
    reset, // RST
    hold,  // send nothing more and wait until the client closes
};

// Sends `bytes` after `delay`, then performs `end`. If `drip_bytes` is not 0, sends pieces of that
// size, `drip_pause` apart.
struct exchange {
    std::chrono::milliseconds delay{0};
    std::string bytes;
    std::size_t drip_bytes = 0;
    std::chrono::milliseconds drip_pause{0};
    ending end = ending::keep;
    unsigned status = 0; // the status in the bytes; 0: they are not a reply
};

enum class framing { content_length, chunked, until_close };

// Returns the bytes of a reply. `says_close`: adds "connection: close". Chunks have `chunk_bytes`
// bytes.
std::string to_wire(reply const& answer, framing how, bool says_close,
                    std::size_t chunk_bytes = 16);

std::string_view reason_phrase(unsigned status);

// Prints JSON with numbers like the upstream's: 0.087, not 8.7E-2.
std::string print_json(boost::json::value const& value);

} // namespace bridgexapi_stub
