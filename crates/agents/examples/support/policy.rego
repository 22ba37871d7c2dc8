# What the agents of the shop may do: input is what crates/agents/src/policy.rs says.
package turnscope

default allow := false

allow if input.tool in {"clock", "calculate", "memory_get", "search_docs"}

# A refund is noted in the memory as its amount: clerks up to 100, managers any.
amount := to_number(input.arguments.value) if input.tool == "memory_set"

allow if amount <= 100

allow if {
	amount > 100
	input.user_role == "manager"
}

deny if {
	amount > 100
	input.user_role == "billing_clerk"
}

reason := "refunds above 100 are the manager's" if deny

risk_tier := "high" if amount > 100
risk_tier := "low" if amount <= 100
