using System.CommandLine;
using System.Globalization;
using System.Net;
using FitCluster.Cli.Verbs;
using FitCluster.Models.Spec;
using FitCluster.Node;

namespace FitCluster.Cli.Cluster;

/// <summary>Where a node listens, how others reach it, and how it is protected: loopback, unless there is TLS or a plain word.</summary>
internal sealed class NodeAddressOptions
{
    private readonly Option<string?> _listen = Options.Text(
        "--listen", "HOST:PORT", "where other nodes are answered, at this port and the next (default 127.0.0.1:0: two that are free)");

    private readonly Option<string?> _advertise = Options.Text(
        "--advertise", "HOST:PORT", "where others reach this node, at this port and the next (default: where it listens)");

    private readonly Option<string?> _tls = Options.Text(
        "--tls", "FOLDER", "ca.crt, tls.crt and tls.key: nodes take only those whose certificates the authority has signed");

    private readonly Option<bool> _insecure = Options.Switch(
        "--insecure", "listen on the network without --tls: whoever reaches the ports can take part");

    private readonly Option<string?> _health = Options.Text(
        "--health", "HOST:PORT", "where /healthz/live and /healthz/ready are answered (default: nowhere)");

    public void AddTo(Command command)
    {
        command.Add(_listen);
        command.Add(_advertise);
        command.Add(_tls);
        command.Add(_insecure);
        command.Add(_health);
    }

    /// <summary>Adds what was given to a node's options.</summary>
    public NodeOptions Read(ParseResult result, NodeOptions options, ProblemList problems)
    {
        var listen = result.GetValue(_listen) is { } text ? EndPoint(text, problems) : options.Listen;
        var (host, port) = result.GetValue(_advertise) is { } advertised ? HostAndPort(advertised, problems) : (null, 0);
        var tls = result.GetValue(_tls);
        if (listen is not null)
        {
            Check(listen, host, tls is not null, result.GetValue(_insecure), problems);
        }

        return options with
        {
            Listen = listen ?? options.Listen,
            AdvertisedHost = host,
            AdvertisedPort = port,
            Tls = tls,
            Health = result.GetValue(_health) is { } health ? HealthServer.Parse(health, _health.Name, problems) : null,
        };
    }

    private void Check(IPEndPoint listen, string? advertised, bool isTls, bool isInsecure, ProblemList problems)
    {
        if (!IPAddress.IsLoopback(listen.Address) && !isTls && !isInsecure)
        {
            problems.Add(
                $"{_listen.Name} {listen} answers the network: give {_tls.Name} FOLDER, or say {_insecure.Name}, " +
                "which lets whoever reaches the ports take part");
        }

        if (isTls && isInsecure)
        {
            problems.Add($"{_tls.Name} and {_insecure.Name} exclude each other: give one");
        }

        if (advertised is null && (listen.Address.Equals(IPAddress.Any) || listen.Address.Equals(IPAddress.IPv6Any)))
        {
            problems.Add($"{_listen.Name} {listen} is every address of this machine: say by {_advertise.Name} which one others reach");
        }

        if (advertised is not null && listen.Port == 0)
        {
            problems.Add($"{_advertise.Name} needs a port that stays: give {_listen.Name} with one");
        }

        if (listen.Port == ushort.MaxValue)
        {
            problems.Add($"{_listen.Name} has port {ushort.MaxValue}, and the next one is needed too: give a smaller one");
        }
    }

    private IPEndPoint? EndPoint(string text, ProblemList problems)
    {
        var colon = text.LastIndexOf(':');
        var address = (colon > 0 ? text[..colon] : "") switch
        {
            "*" => IPAddress.Any,
            "localhost" => IPAddress.Loopback,
            var host => IPAddress.TryParse(host, out var parsed) ? parsed : null,
        };
        if (address is not null && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return new IPEndPoint(address, port);
        }

        problems.Add($"{_listen.Name} is '{text}'; it must be ADDRESS:PORT, as in 127.0.0.1:4053 or *:4053");
        return null;
    }

    private (string? Host, int Port) HostAndPort(string text, ProblemList problems)
    {
        var colon = text.LastIndexOf(':');
        var host = colon > 0 ? text[..colon] : "";
        if (Uri.CheckHostName(host) != UriHostNameType.Unknown &&
            ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) &&
            port is > 0 and < ushort.MaxValue)
        {
            return (host, port);
        }

        problems.Add($"{_advertise.Name} is '{text}'; it must be HOST:PORT, as in node-3.example.org:4053");
        return (null, 0);
    }
}
