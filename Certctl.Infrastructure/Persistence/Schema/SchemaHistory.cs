namespace Certctl.Infrastructure.Persistence.Schema;

/// <summary>What a database says of its schema.</summary>
/// <param name="Applied">The ids in the history of migrations; none where there is no history yet.</param>
/// <param name="HasTables">Whether it held tables of Certctl before the history was read.</param>
internal sealed record SchemaHistory(IReadOnlySet<string> Applied, bool HasTables)
{
    /// <summary>A database that is not made yet.</summary>
    public static readonly SchemaHistory None = new(new HashSet<string>(), HasTables: false);

    /// <summary>A table that every build has made with its first migration.</summary>
    public const string FirstTable = "audit_events";

    /// <summary>
    /// The migrations that are not applied yet. Throws <see cref="OtherSchemaException"/> where the schema is not one of this build's.
    /// </summary>
    /// <param name="known">All migrations of this build, in their order.</param>
    public List<string> Pending(IReadOnlyList<string> known)
    {
        // The smallest name tells an earlier build from a later one, also when that later one begins with another initial migration.
        if (Applied.Except(known).Min(StringComparer.Ordinal) is { } unknown)
        {
            var isLater = string.CompareOrdinal(unknown, known[0]) > 0;
            var maker = isLater ? "a later or another build" : "an earlier build";
            throw new OtherSchemaException(
                $"{maker} made its schema: {MigrationScript.History} holds {unknown}, which this build does not know", isLater);
        }

        // Without the entry the initial migration would run, and fail at the first table that exists.
        if (HasTables && !Applied.Contains(known[0]))
        {
            throw new OtherSchemaException(
                $"this build did not make its schema: it holds table {FirstTable}, but {MigrationScript.History} does not hold {known[0]}",
                isLater: false);
        }

        return [.. known.Where(id => !Applied.Contains(id))];
    }
}
