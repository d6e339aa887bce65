using System.Globalization;
using Microsoft.Data.Sqlite;

namespace FitCluster.Engine;

/// <summary>The machine that this process is on, and whether another one uses the same file.</summary>
/// <param name="Id">
/// One for each start of a kernel: containers on one machine share it, and with it the memory that SQLite's log needs.
/// </param>
/// <param name="Host">Its name, for people.</param>
internal sealed record SqliteMachine(string Id, string Host)
{
    /// <summary>Another machine that was seen in so many milliseconds is at it still.</summary>
    private const long RecentMilliseconds = 15_000;

    public static SqliteMachine This { get; } = new(
        Read("/proc/sys/kernel/random/boot_id") ?? $"{Read("/etc/machine-id")}/{Environment.MachineName}", Environment.MachineName);

    /// <exception cref="ClusterStoreException">Another machine has used the file lately.</exception>
    public void RefuseOthers(SqliteConnection connection, string store, long now)
    {
        var others = connection.Rows(
            row => (Host: row.GetString(0), Ago: now - row.GetInt64(1)),
            "SELECT host, seen FROM machines WHERE id <> $1 AND abs($2 - seen) < $3", Id, now, RecentMilliseconds);
        if (others is [var other, ..])
        {
            throw new ClusterStoreException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the store {store} is used by another machine ({other.Host}, {long.Abs(other.Ago) / 1000.0:0.0} s ago): a store ") +
                $"in a file serves one machine; use PostgreSQL for several, or, if {other.Host} has ended for good, wait " +
                $"{RecentMilliseconds / 1000} s",
                isUnreachable: false);
        }
    }

    public void Note(SqliteConnection connection, long now)
    {
        connection.Execute(
            "INSERT INTO machines VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET host = excluded.host, seen = excluded.seen",
            Id, Host, now);
        connection.Execute("DELETE FROM machines WHERE seen < $1", now - (24 * 3_600_000L));
    }

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim() is { Length: > 0 } text ? text : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
