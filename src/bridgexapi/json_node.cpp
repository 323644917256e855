#include "json_node.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <limits>

namespace otpd::bridgexapi {

namespace json = boost::json;

/// What Boost.JSON's parser tells of the text it reads (its SAX handler).
class json_document::builder {
public:
    using error_code = boost::system::error_code;
    using text = json::string_view;

    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_array_size = max_object_size;
    static constexpr std::size_t max_key_size = max_object_size;
    static constexpr std::size_t max_string_size = max_object_size;

    explicit builder(json_document& into) : into_(into) {}

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) { return begin(json_node::object{}); }
    bool on_object_end(std::size_t, error_code&) { return end(); }
    bool on_array_begin(error_code&) { return begin(json_node::array{}); }
    bool on_array_end(std::size_t, error_code&) { return end(); }
    bool on_key_part(text part, std::size_t, error_code&) { return keep(part); }
    bool on_key(text last, std::size_t, error_code&) {
        key_ = whole(last);
        return true;
    }
    bool on_string_part(text part, std::size_t, error_code&) { return keep(part); }
    bool on_string(text last, std::size_t, error_code&) { return add(whole(last)); }
    bool on_number_part(text, error_code&) { return true; }
    bool on_int64(std::int64_t number, text, error_code&) { return add(number); }
    bool on_uint64(std::uint64_t number, text, error_code&) { return add(number); }
    bool on_double(double number, text, error_code&) { return add(number); }
    bool on_bool(bool flag, error_code&) { return add(flag); }
    bool on_null(error_code&) { return add(std::monostate()); }
    bool on_comment_part(text, error_code&) { return true; }
    bool on_comment(text, error_code&) { return true; }

private:
    template <class T>
    bool add(T value) {
        into_.nodes_.push_back({.value = value, .key = key_});
        key_ = {};
        return true;
    }
    template <class T>
    bool begin(T value) {
        open_.push_back(into_.nodes_.size());
        return add(value);
    }
    bool end() {
        auto const first = open_.back();
        open_.pop_back();
        into_.nodes_[first].nodes = into_.nodes_.size() - first;
        return true;
    }
    /// A text comes in parts where something in it is escaped, and only then out of the parser's own memory.
    bool keep(text part) {
        if (!in_parts_) into_.unescaped_.emplace_back();
        in_parts_ = true;
        into_.unescaped_.back().append(part);
        return true;
    }
    std::string_view whole(text last) {
        if (!in_parts_ && is_in_body(last)) return last;
        keep(last);
        in_parts_ = false;
        return into_.unescaped_.back();
    }
    [[nodiscard]] bool is_in_body(text part) const noexcept {
        std::less_equal<> const before;
        return before(body_.data(), part.data()) &&
               before(part.data() + part.size(), body_.data() + body_.size());
    }

    friend class json_document;
    json_document& into_;
    std::string_view body_;
    std::string_view key_;
    std::vector<std::size_t> open_; ///< arrays and objects that have not ended
    bool in_parts_ = false;
};

json_document::json_document(std::string_view body, std::size_t depth_max) {
    json::parse_options options;
    options.max_depth = depth_max;
    constexpr std::size_t usual_size = 24; // of a field of the delivery list, with its name
    nodes_.reserve(1 + body.size() / usual_size);
    json::basic_parser<builder> parser(options, *this);
    parser.handler().body_ = body;
    boost::system::error_code ec;
    auto const read = parser.write_some(false, body.data(), body.size(), ec);
    if (!ec && read == body.size() && !nodes_.empty()) return;
    nodes_.clear();
    nodes_.emplace_back();
}

} // namespace otpd::bridgexapi
