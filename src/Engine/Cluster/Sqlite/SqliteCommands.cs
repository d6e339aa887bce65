using Microsoft.Data.Sqlite;

namespace FitCluster.Engine;

/// <summary>Commands with values $1, $2 and so on.</summary>
internal static class SqliteCommands
{
    public static int Execute(this SqliteConnection connection, string sql, params object?[] values)
    {
        using var command = Command(connection, sql, values);
        return command.ExecuteNonQuery();
    }

    /// <summary>The first column of the first row; null when there is none, or it is NULL.</summary>
    public static object? Scalar(this SqliteConnection connection, string sql, params object?[] values)
    {
        using var command = Command(connection, sql, values);
        return command.ExecuteScalar() is { } value and not DBNull ? value : null;
    }

    public static List<T> Rows<T>(this SqliteConnection connection, Func<SqliteDataReader, T> read, string sql, params object?[] values)
    {
        using var command = Command(connection, sql, values);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, object?[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
        {
            // SQLite has no NaN.
            command.Parameters.AddWithValue($"${i + 1}", values[i] is null or double.NaN ? DBNull.Value : values[i]);
        }

        return command;
    }
}
