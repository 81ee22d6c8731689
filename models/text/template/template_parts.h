// The parts that the ChatML templates in use are put together from, and Zephyr's template: what is recognised
// and what is written. Any thread.
#pragma once

#include <string_view>

namespace llamahome::text {

inline constexpr std::string_view kHole = "HOLE"; ///< stands for a default system message in the texts below

inline constexpr std::string_view kPromptDefault =
    "{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}";
inline constexpr std::string_view kBos = "{{ bos_token }}";
inline constexpr std::string_view kLoop = "{% for message in messages %}";
inline constexpr std::string_view kDefaultSystem = "{% if loop.first and messages[0]['role'] != 'system' %}"
                                                   "{{ '<|im_start|>system\nHOLE<|im_end|>\n' }}{% endif %}";
inline constexpr std::string_view kTurn =
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + "
    "'\n'}}{% endfor %}";
inline constexpr std::string_view kPrompt =
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/// Zephyr's; the line ends after what is printed are printed too.
inline constexpr std::string_view kZephyr =
    "{% for message in messages %}\n{% if message['role'] == 'user' %}\n"
    "{{ '<|user|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'system' %}\n"
    "{{ '<|system|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n"
    "{{ '<|assistant|>\n' + message['content'] + eos_token }}\n{% endif %}\n"
    "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}";

} // namespace llamahome::text
