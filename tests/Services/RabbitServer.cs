using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace FitCluster.Services;

/// <summary>A RabbitMQ of a test's own: a child process on free ports of the given address, its files in a temporary folder.</summary>
public sealed class RabbitServer : IAsyncDisposable
{
    private const string Program = "/usr/lib/rabbitmq/bin/rabbitmq-server";
    private const int HostsAtOnce = 8;
    private const string Password = "s3cret-Rabbit";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private static readonly SemaphoreSlim SharedLock = new(1);
    private static RabbitServer? s_shared;

    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"fitcluster-rabbit-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}");
    private readonly Dictionary<string, string> _environment;
    private readonly ConcurrentBag<string> _spareHosts = [];
    private Process? _process;

    private RabbitServer(string address, string? tlsFolder, string extraConfiguration)
    {
        Address = address;
        (Port, TlsPort) = (FreePort(), FreePort());
        Directory.CreateDirectory(_folder);
        var tls = tlsFolder is null ? "" : $"""

            listeners.ssl.1 = {address}:{TlsPort}
            ssl_options.cacertfile = {tlsFolder}/ca.pem
            ssl_options.certfile = {tlsFolder}/server.pem
            ssl_options.keyfile = {tlsFolder}/server-key.pem
            ssl_options.verify = verify_none
            ssl_options.fail_if_no_peer_cert = false
            """;
        File.WriteAllText(Path.Combine(_folder, "rabbitmq.conf"), $"""
            listeners.tcp.1 = {address}:{Port}
            default_user = fit
            default_pass = {Password}
            default_vhost = /
            loopback_users = none
            consumer_timeout = 31536000000
            log.console = false
            vm_memory_high_watermark.absolute = 4GB
            disk_free_limit.absolute = 50MB
            {extraConfiguration}{tls}

            """);
        File.WriteAllText(Path.Combine(_folder, "enabled_plugins"), "[].\n");
        var node = $"fit{Guid.NewGuid().ToString("N")[..8]}@localhost";
        _environment = new Dictionary<string, string>
        {
            ["RABBITMQ_NODENAME"] = node,
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(_folder, "mnesia"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(_folder, "log"),
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(_folder, "rabbitmq.conf"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(_folder, "enabled_plugins"),
            // Broker and nodes share the cores: its schedulers are not to spin while they wait.
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "+sbwt none +sbwtdcpu none +sbwtdio none",
            ["RABBITMQ_PID_FILE"] = Path.Combine(_folder, "pid"),
            ["RABBITMQ_DIST_PORT"] = FreePort().ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["ERL_EPMD_PORT"] = FreePort().ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["HOME"] = _folder,
        };
    }

    /// <summary>Why there can be no broker here; null when there can.</summary>
    public static string? Missing => File.Exists(Program) ? null : "RabbitMQ is not installed (./test installs it by apt)";

    public string Address { get; }

    public int Port { get; }

    public int TlsPort { get; }

    /// <summary>The URL of the default vhost.</summary>
    public string Url => UrlOf("");

    /// <summary>The broker that a test assembly shares; it ends with the process.</summary>
    public static async Task<RabbitServer> Shared()
    {
        await SharedLock.WaitAsync();
        try
        {
            if (s_shared is null)
            {
                var server = new RabbitServer("127.0.0.1", null, "");
                AppDomain.CurrentDomain.ProcessExit += (_, _) => server.DisposeAsync().AsTask().Wait();
                await server.Start();
                s_shared = server;
            }

            return s_shared;
        }
        finally
        {
            SharedLock.Release();
        }
    }

    /// <summary>A broker of one's own, started. A folder with ca.pem, server.pem and server-key.pem makes it take TLS too.</summary>
    public static async Task<RabbitServer> StartNew(string address = "127.0.0.1", string? tlsFolder = null, string extraConfiguration = "")
    {
        var server = new RabbitServer(address, tlsFolder, extraConfiguration);
        await server.Start();
        return server;
    }

    /// <summary>The URL of a vhost ("" for the default one).</summary>
    public string UrlOf(string vhost, bool tls = false) =>
        $"{(tls ? "amqps" : "amqp")}://fit:{Password}@{(tls ? "localhost" : Address)}:{(tls ? TlsPort : Port)}/{vhost}";

    /// <summary>Makes a vhost that nobody else uses, with all rights for the user; returns its URL.</summary>
    public async Task<string> NewVirtualHost()
    {
        if (_spareHosts.TryTake(out var spare))
        {
            return UrlOf(spare);
        }

        // A start of rabbitmqctl costs a second: several at once, in the broker's own words.
        string[] names = [.. Enumerable.Range(0, HostsAtOnce).Select(_ => $"v{Guid.NewGuid().ToString("N")[..10]}")];
        await Control("eval",
            "[begin rabbit_vhost:add(V, <<\"fit\">>), rabbit_auth_backend_internal:set_permissions(" +
            "<<\"fit\">>, V, <<\".*\">>, <<\".*\">>, <<\".*\">>, <<\"fit\">>) end " +
            $"|| V <- [{string.Join(", ", names.Select(name => $"<<\"{name}\">>"))}]].");
        foreach (var name in names[1..])
        {
            _spareHosts.Add(name);
        }

        return UrlOf(names[0]);
    }

    /// <summary>Runs rabbitmqctl on this broker.</summary>
    public async Task<string> Control(params string[] arguments)
    {
        using var process = Process.Start(Info("/usr/lib/rabbitmq/bin/rabbitmqctl", arguments))!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"rabbitmqctl {string.Join(' ', arguments)}: {await output} {await error}");
    }

    /// <summary>Starts it, and waits until it takes connections.</summary>
    public async Task Start()
    {
        // Should the tests be killed, it does not outlive them by much.
        _process = Process.Start(Info("timeout", ["--signal=KILL", "3600", Program]))!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < StartLimit)
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"RabbitMQ ended at once with {_process.ExitCode}: see {_folder}");
            }

            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(Address, Port);
                // The listener is the last thing to be started.
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(200);
            }
        }

        throw new InvalidOperationException($"RabbitMQ did not start within {StartLimit.TotalSeconds} s: see {_folder}");
    }

    /// <summary>Stops it in order.</summary>
    public async Task Stop()
    {
        Signal(15);
        await _process!.WaitForExitAsync();
    }

    /// <summary>Kills it.</summary>
    public async Task Kill()
    {
        Signal(9);
        await _process!.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await Kill();
        }

        // The Erlang port mapper is a daemon of its own.
        foreach (var epmd in Process.GetProcessesByName("epmd"))
        {
            try
            {
                if ((await File.ReadAllTextAsync($"/proc/{epmd.Id}/environ")).Contains(_folder, StringComparison.Ordinal))
                {
                    epmd.Kill();
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                // Ended by itself.
            }
        }

        for (var attempt = 0; attempt < 10 && Directory.Exists(_folder); attempt++)
        {
            try
            {
                Directory.Delete(_folder, recursive: true);
            }
            catch (IOException)
            {
                await Task.Delay(100);
            }
        }
    }

    /// <summary>A port that nobody listens on at the moment.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int pid, int signal);

    // The script runs the Erlang machine in its own process group member: the machine is its child, and is signalled itself.
    private void Signal(int signal)
    {
        foreach (var pid in Descendants(_process!.Id).Reverse())
        {
            _ = SendSignal(pid, signal);
        }

        _ = SendSignal(_process.Id, signal);
    }

    private static IEnumerable<int> Descendants(int pid)
    {
        string children;
        try
        {
            children = File.ReadAllText($"/proc/{pid}/task/{pid}/children");
        }
        catch (IOException)
        {
            yield break;
        }

        foreach (var child in children.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse))
        {
            yield return child;
            foreach (var below in Descendants(child))
            {
                yield return below;
            }
        }
    }

    private ProcessStartInfo Info(string program, IEnumerable<string> arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in _environment)
        {
            info.Environment[name] = value;
        }

        return info;
    }
}
