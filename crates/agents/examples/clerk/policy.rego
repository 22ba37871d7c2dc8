# What the clerk may do, what needs a person's approval, and what is denied.
package turnscope

default allow := false

allow if input.tool in {"clock", "calculate", "search_docs", "memory_get"}

is_refund if {
	input.tool == "memory_set"
	startswith(input.arguments.key, "refund")
}

allow if {
	input.tool == "memory_set"
	not is_refund
}

allow if {
	is_refund
	to_number(input.arguments.value) <= 100
}

requires_hitl if {
	is_refund
	to_number(input.arguments.value) > 100
}

deny if startswith(input.arguments.key, "private")

reason := "what is private must not be read" if deny

reason := "a refund above 100 needs a person" if requires_hitl

risk_tier := "high" if requires_hitl

risk_tier := "high" if deny
