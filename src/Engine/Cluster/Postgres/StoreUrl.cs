using System.Web;
using Npgsql;

namespace FitCluster.Engine;

/// <summary>Where the store is, taken apart and checked. <see cref="ToString"/> has no password.</summary>
internal sealed class StoreUrl
{
    private StoreUrl(NpgsqlConnectionStringBuilder builder)
    {
        builder.ApplicationName ??= "fitcluster";
        builder.Timeout = 5;
        builder.CommandTimeout = 60;
        builder.KeepAlive = 5;
        builder.TcpKeepAlive = true;
        builder.CancellationTimeout = 1000;
        builder.MaxPoolSize = 24;
        Builder = builder;
    }

    public NpgsqlConnectionStringBuilder Builder { get; }

    /// <exception cref="ClusterStoreException">The URL is not one of a store.</exception>
    public static StoreUrl Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("postgres" or "postgresql") || uri.Host.Length == 0)
        {
            throw new ClusterStoreException("the store's URL is not of the form postgres://user:password@host:5432/database", false);
        }

        if (uri.UserInfo.Length == 0 && text.Contains('@', StringComparison.Ordinal))
        {
            // Cut at a '/', '?' or '#' of the password, whose rest would be printed as the database or a parameter.
            throw new ClusterStoreException(
                "the store's URL has an '@' but no user before it: " +
                "write '/', '?', '#', '@' and '%' in a user or password as %2F, %3F, %23, %40 and %25",
                false);
        }

        var user = uri.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host,
            Port = uri.Port > 0 ? uri.Port : 5432,
            Username = user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : "postgres",
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            Database = uri.AbsolutePath.Length > 1 ? Uri.UnescapeDataString(uri.AbsolutePath[1..]) : "fitcluster",
        };
        var url = new StoreUrl(builder);
        var query = HttpUtility.ParseQueryString(uri.Query);
        foreach (var key in query.AllKeys)
        {
            url.Take(key ?? "", query[key] ?? "");
        }

        return url;
    }

    public override string ToString() => $"postgres://{Builder.Host}:{Builder.Port}/{Builder.Database}";

    private void Take(string key, string value)
    {
        switch (key)
        {
            case "sslmode":
                Builder.SslMode = value switch
                {
                    "disable" => SslMode.Disable,
                    "prefer" => SslMode.Prefer,
                    "require" => SslMode.Require,
                    "verify-ca" => SslMode.VerifyCA,
                    "verify-full" => SslMode.VerifyFull,
                    _ => throw new ClusterStoreException(
                        $"sslmode={value} in the URL of the store {this} is none of disable, prefer, require, verify-ca and verify-full",
                        false),
                };
                break;
            case "sslrootcert" when File.Exists(value):
                Builder.RootCertificate = value;
                break;
            case "sslrootcert":
                throw new ClusterStoreException($"the file sslrootcert={value} in the URL of the store {this} does not exist", false);
            default:
                throw new ClusterStoreException(
                    $"the URL of the store {this} has an unknown parameter '{key}': sslmode and sslrootcert are known", false);
        }
    }
}
