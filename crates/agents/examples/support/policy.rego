# What the agents of the shop may do. The input is described in docs/agents.md.
package turnscope

default allow := false

allow if input.tool in {"clock", "calculate", "memory_get", "search_docs"}

# A refund is stored in the memory as its amount. Clerks may store up to 100, managers any amount.
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

reason := "refunds above 100 need the manager" if deny

risk_tier := "high" if amount > 100
risk_tier := "low" if amount <= 100
