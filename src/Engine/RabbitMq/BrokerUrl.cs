using System.Globalization;
using System.Web;

namespace FitCluster.Engine;

/// <summary>Where the broker is, taken apart and checked. <see cref="ToString"/> has no password.</summary>
internal sealed class BrokerUrl
{
    public const string Form = "amqp://user:password@host:5672/vhost (amqps for TLS)";

    /// <summary>The schemes of its URLs.</summary>
    public static readonly IReadOnlyList<string> Schemes = ["amqp", "amqps"];

    private const int DefaultHeartbeatSeconds = 4;

    private BrokerUrl(Uri uri)
    {
        IsTls = uri.Scheme == "amqps";
        Host = uri.Host;
        Port = uri.Port > 0 ? uri.Port : IsTls ? 5671 : 5672;
        var user = uri.UserInfo.Split(':', 2);
        User = user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : "guest";
        Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : "guest";
        VirtualHost = uri.AbsolutePath.Length > 1 ? Uri.UnescapeDataString(uri.AbsolutePath[1..]) : "/";
    }

    public bool IsTls { get; }

    public string Host { get; }

    public int Port { get; }

    public string User { get; }

    public string Password { get; }

    public string VirtualHost { get; }

    public TimeSpan Heartbeat { get; private set; } = TimeSpan.FromSeconds(DefaultHeartbeatSeconds);

    /// <summary>A PEM file of the authorities that are trusted; null for the machine's own.</summary>
    public string? Authorities { get; private set; }

    /// <exception cref="ClusterEngineException">The URL is not one of a broker.</exception>
    public static BrokerUrl Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || !Schemes.Contains(uri.Scheme) || uri.Host.Length == 0)
        {
            throw new ClusterEngineException($"the broker's URL is not of the form {Form}");
        }

        if (uri.UserInfo.Length == 0 && text.Contains('@', StringComparison.Ordinal))
        {
            // Cut at a '/', '?' or '#' of the password, whose rest would be printed as the vhost or a parameter.
            throw new ClusterEngineException(
                "the broker's URL has an '@' but no user before it: " +
                "write '/', '?', '#', '@' and '%' in a user or password as %2F, %3F, %23, %40 and %25");
        }

        var url = new BrokerUrl(uri);
        var query = HttpUtility.ParseQueryString(uri.Query);
        foreach (var key in query.AllKeys)
        {
            url.Take(key ?? "", query[key] ?? "");
        }

        return url;
    }

    public override string ToString() => FormattableString.Invariant(
        $"{(IsTls ? "amqps" : "amqp")}://{Host}:{Port}/{(VirtualHost == "/" ? "" : Uri.EscapeDataString(VirtualHost))}");

    private void Take(string key, string value)
    {
        switch (key)
        {
            case "heartbeat" when
                int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= 3600:
                Heartbeat = TimeSpan.FromSeconds(seconds);
                break;
            case "heartbeat":
                throw new ClusterEngineException(
                    $"heartbeat={value} in the URL of the broker {this} is not a number of seconds from 1 to 3600");
            case "cacert" when File.Exists(value):
                Authorities = value;
                break;
            case "cacert":
                throw new ClusterEngineException($"the file cacert={value} in the URL of the broker {this} does not exist");
            default:
                throw new ClusterEngineException(
                    $"the URL of the broker {this} has an unknown parameter '{key}': heartbeat and cacert are known");
        }
    }
}
