namespace FitCluster.Engine;

public sealed partial class PostgresStore
{
    /// <inheritdoc/>
    public Task ReportNode(NodeEntry node, CancellationToken cancellation = default) => InTransaction(
        async connection =>
        {
            await Execute(
                connection, cancellation,
                """
                INSERT INTO fitcluster.nodes (name, state, capacity, entry) VALUES ($1, $2, $3, $4::jsonb)
                ON CONFLICT (name) DO UPDATE SET seen = now(), state = $2, capacity = $3, entry = $4::jsonb
                """,
                node.Name,
                node.State,
                node.Capacity,
                StoredForms.Node(node)).ConfigureAwait(false);
            return await Execute(
                connection, cancellation, "DELETE FROM fitcluster.nodes WHERE seen < now() - interval '1 hour'").ConfigureAwait(false);
        },
        cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<NodeEntry>> Nodes(CancellationToken cancellation = default) => InTransaction(
        async connection =>
        {
            await using var command = Command(
                connection,
                "SELECT entry::text, started, seen, extract(epoch FROM now() - seen)::float8 FROM fitcluster.nodes " +
                $"ORDER BY ({IsUp}) DESC, started, name");
            await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            var nodes = new List<NodeEntry>();
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                nodes.Add(StoredForms.Node(reader.GetString(0)) with
                {
                    Started = reader.GetFieldValue<DateTimeOffset>(1),
                    Seen = reader.GetFieldValue<DateTimeOffset>(2),
                    SeenSecondsAgo = reader.GetDouble(3),
                });
            }

            return (IReadOnlyList<NodeEntry>)nodes;
        },
        cancellation);
}
