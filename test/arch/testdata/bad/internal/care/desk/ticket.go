package desk

import "fmt"

const tickets = ` from desk_ticket`

func queries(order string) []string {
	return []string{
		`/* desk.all */ select * from desk_ticket`,
		`/* calls.mine */ select id from calls_call c, knowledge_article where c.at > now()`,
		`select id` + tickets + ` where id = ? order by ` + order,
		fmt.Sprintf(`/* desk.named */ delete from desk_ticket where name = '%s'`, order),
		`/* desk.cast */ update desk_ticket set at = cast($1 as timestamp), n = $2::bigint where id = any($3)`,
		"select a sentence that is no SQL",
	}
}
