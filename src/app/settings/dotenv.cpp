// The reader of .env.

#include "sources.hpp"

#include <algorithm>
#include <optional>

namespace otpd::app {

namespace {

bool is_name(std::string_view text) {
    auto const letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    return !text.empty() && letter(text.front()) && std::ranges::all_of(text, [&](char c) {
        return letter(c) || is_ascii_digit(c) || c == '.' || c == '-';
    });
}

char unescaped(char c) {
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c;
    }
}

/// Walks through the text of one file and tracks the line number.
class reader {
public:
    reader(source_file const& file, fault_lines& faults) : file_(file), faults_(faults) {}

    std::map<std::string, std::string> read() {
        constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF"; // written by some editors
        if (file_.text.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
        while (at_ < file_.text.size())
            read_entry();
        return std::move(values_);
    }

private:
    void read_entry() {
        std::size_t const first_line = line_;
        auto const end = line_end();
        auto rest = std::string_view(file_.text).substr(at_, end - at_);
        if (auto const text = trim_ascii(rest); text.empty() || text.front() == '#')
            return skip_to(end);
        auto const equals = rest.find('=');
        auto name = trim_ascii(rest.substr(0, equals));
        if (name.starts_with("export ")) name = trim_ascii(name.substr(sizeof("export ") - 1));
        if (equals == std::string_view::npos || !is_name(name)) {
            complain(first_line, "not a KEY=value line");
            return skip_to(end);
        }
        at_ += equals + 1;
        if (auto value = read_value())
            values_[std::string(name)] = std::move(*value);
        else
            complain(first_line, "the quotes of this value are not closed, or text follows them");
    }

    std::optional<std::string> read_value() {
        auto const& text = file_.text;
        while (at_ < text.size() && (text[at_] == ' ' || text[at_] == '\t'))
            ++at_;
        if (at_ < text.size() && (text[at_] == '"' || text[at_] == '\'')) return read_quoted();
        auto const end = line_end();
        auto const value = without_comment(std::string_view(text).substr(at_, end - at_));
        skip_to(end);
        return std::string(trim_ascii(value));
    }

    /// A comment begins with a # at the start of the value or after white space.
    static std::string_view without_comment(std::string_view value) {
        for (auto at = value.find('#'); at != std::string_view::npos; at = value.find('#', at + 1))
            if (at == 0 || trim_ascii(value.substr(at - 1, 1)).empty()) return value.substr(0, at);
        return value;
    }

    /// In single quotes, only \' and \\ are escapes.
    std::optional<std::string> read_quoted() {
        auto const& text = file_.text;
        char const quote = text[at_++];
        std::string value;
        while (at_ < text.size() && text[at_] != quote) {
            char c = text[at_++];
            if (c == '\n') ++line_;
            if (c == '\\' && at_ < text.size()) {
                char const next = text[at_];
                if (quote == '"' || next == '\'' || next == '\\') {
                    c = quote == '"' ? unescaped(next) : next;
                    if (next == '\n') ++line_;
                    ++at_;
                }
            }
            value += c;
        }
        if (at_ == text.size()) return std::nullopt;
        ++at_;
        auto const end = line_end();
        auto const tail = trim_ascii(std::string_view(text).substr(at_, end - at_));
        skip_to(end);
        if (!tail.empty() && tail.front() != '#') return std::nullopt;
        return value;
    }

    [[nodiscard]] std::size_t line_end() const {
        return std::min(file_.text.find('\n', at_), file_.text.size());
    }
    void skip_to(std::size_t end) {
        at_ = std::min(end + 1, file_.text.size());
        ++line_;
    }
    void complain(std::size_t line, char const* what) {
        faults_.push_back(file_.name + ':' + std::to_string(line) + ": " + what);
    }

    source_file const& file_;
    fault_lines& faults_;
    std::map<std::string, std::string> values_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
};

} // namespace

std::map<std::string, std::string> read_dotenv(source_file const& file, fault_lines& faults) {
    return reader(file, faults).read();
}

} // namespace otpd::app
