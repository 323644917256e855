#include "line_queue.hpp"

#include <utility>

namespace otpd::telemetry {

line_queue::line_queue(std::size_t lines_max) : sizes_(lines_max) {}

void line_queue::put(std::string_view line, bool urgent) {
    bool wake = false;
    {
        std::lock_guard const held(mutex_);
        if (count_ == sizes_.size()) drop_oldest();
        text_ += line;
        sizes_[(oldest_ + count_) % sizes_.size()] = static_cast<std::uint32_t>(line.size());
        ++count_;
        // Wakes the writer early, because the queue would drop lines if it filled up while the
        // writer gathers.
        bool const soon = urgent || count_ > sizes_.size() / 2;
        wake = waiting_ || (soon && !urgent_);
        urgent_ = urgent_ || soon;
    }
    if (wake) changed_.notify_one();
}

void line_queue::drop_oldest() {
    begin_ += sizes_[oldest_];
    oldest_ = (oldest_ + 1) % sizes_.size();
    --count_;
    ++dropped_;
    if (begin_ <= text_.size() / 2) return;
    text_.erase(0, begin_);
    begin_ = 0;
}

void line_queue::ask_for_reopening() {
    {
        std::lock_guard const held(mutex_);
        reopening_ = true;
        urgent_ = true;
    }
    changed_.notify_one();
}

void line_queue::close() {
    {
        std::lock_guard const held(mutex_);
        closed_ = true;
    }
    changed_.notify_one();
}

bool line_queue::take(std::string& lines) {
    std::unique_lock held(mutex_);
    waiting_ = true;
    changed_.wait(held, [this] { return !empty() || reopening_ || closed_; });
    waiting_ = false;
    changed_.wait_for(held, gather_for, [this] { return urgent_ || closed_; });
    bool const some = !empty() || reopening_;
    text_.erase(0, std::exchange(begin_, 0));
    lines.clear();
    std::swap(lines, text_);
    count_ = 0;
    urgent_ = false;
    return some;
}

} // namespace otpd::telemetry
