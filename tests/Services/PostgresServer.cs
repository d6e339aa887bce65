using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace FitCluster.Services;

/// <summary>A PostgreSQL of a test's own: a child process on a free port, its files in a temporary folder.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Binaries = "/usr/lib/postgresql/15/bin";
    private const string Password = "s3cret-Postgres";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly SemaphoreSlim SharedLock = new(1);
    private static PostgresServer? s_shared;

    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"fitcluster-postgres-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}");
    private readonly string? _tlsFolder;
    private Process? _process;

    private PostgresServer(string address, string? tlsFolder) =>
        (Address, Port, _tlsFolder) = (address, FreePort(), tlsFolder);

    /// <summary>Why there can be no database here; null when there can.</summary>
    public static string? Missing =>
        File.Exists($"{Binaries}/initdb") ? null : "PostgreSQL 15 is not installed (./test installs it by apt)";

    public string Address { get; }

    public int Port { get; }

    /// <summary>A port of loopback that nobody has at the moment.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static bool IsRoot => Environment.UserName == "root";

    /// <summary>The server that a test assembly shares; it ends with the process.</summary>
    public static async Task<PostgresServer> Shared()
    {
        await SharedLock.WaitAsync();
        try
        {
            if (s_shared is null)
            {
                var server = await StartNew();
                AppDomain.CurrentDomain.ProcessExit += (_, _) => server.DisposeAsync().AsTask().Wait();
                s_shared = server;
            }

            return s_shared;
        }
        finally
        {
            SharedLock.Release();
        }
    }

    /// <summary>A server of one's own, started. A folder with ca.pem, server.pem and server-key.pem makes it take TLS.</summary>
    public static async Task<PostgresServer> StartNew(string address = "127.0.0.1", string? tlsFolder = null)
    {
        var server = new PostgresServer(address, tlsFolder);
        await server.Initialize();
        await server.Start();
        return server;
    }

    /// <summary>The URL of a database.</summary>
    public string Url(string database, bool tls = false) => $"postgres://fit:{Password}@{(tls ? "localhost" : Address)}:{Port}/{database}";

    /// <summary>Makes a database that nobody else uses; returns its URL.</summary>
    public async Task<string> NewDatabase()
    {
        var name = $"d{Guid.NewGuid().ToString("N")[..10]}";
        await Run("psql",
            ["-h", Address, "-p", $"{Port}", "-U", "fit", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-c", $"CREATE DATABASE {name}"]);
        return Url(name);
    }

    /// <summary>Deletes a database that nobody uses any more: 300 files less to delete at the end.</summary>
    public Task DropDatabase(string url) => Sql(Url("postgres"), $"DROP DATABASE {new Uri(url).AbsolutePath[1..]} WITH (FORCE)");

    /// <summary>Runs SQL in a database.</summary>
    public Task<string> Sql(string url, string sql) =>
        Run("psql",
            ["-h", Address, "-p", $"{Port}", "-U", "fit", "-d", new Uri(url).AbsolutePath[1..], "-v", "ON_ERROR_STOP=1", "-At", "-c", sql]);

    public async Task Start()
    {
        string[] tls = _tlsFolder is null
            ? []
            : ["-c", "ssl=on", "-c", $"ssl_cert_file={_folder}/server.pem", "-c", $"ssl_key_file={_folder}/server-key.pem"];
        // Without fsync: killed are processes, and what they wrote is with the system.
        var info = AsPostgres($"{Binaries}/postgres", [
            "-D", $"{_folder}/data", "-p", $"{Port}", "-c", $"listen_addresses={Address}", "-c", $"unix_socket_directories={_folder}", "-c",
            "max_connections=300", "-c", "fsync=off", .. tls
        ]);
        // Should the tests be killed, it does not outlive them by much.
        _process = Process.Start(new ProcessStartInfo("timeout", ["--signal=INT", "3600", info.FileName, .. info.ArgumentList])
        {
            RedirectStandardError = true, RedirectStandardOutput = true
        })!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < StartLimit; await Task.Delay(100))
        {
            try
            {
                await Run("psql", ["-h", Address, "-p", $"{Port}", "-U", "fit", "-d", "postgres", "-c", "SELECT 1"]);
                return;
            }
            catch (InvalidOperationException) when (!_process.HasExited)
            {
                // Not up yet.
            }
        }

        throw new InvalidOperationException($"PostgreSQL did not start within {StartLimit.TotalSeconds} s");
    }

    /// <summary>Stops it in order; connections are cut.</summary>
    public Task Stop() => Signal("INT");

    /// <summary>Kills it.</summary>
    public Task Kill() => Signal("KILL");

    /// <summary>Stops all of its processes for a while: connections stay, nothing is answered.</summary>
    public async Task Freeze(TimeSpan time)
    {
        await Run("sh", ["-c", $"p=$(head -1 {_folder}/data/postmaster.pid); kill -STOP $p; pkill -STOP -P $p; true"]);
        await Task.Delay(time);
        // Its parent, runuser, has stopped along with it.
        await Run(
            "sh", ["-c", $"p=$(head -1 {_folder}/data/postmaster.pid); pkill -CONT -P $p; kill -CONT $p $(ps -o ppid= -p $p); true"]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await Signal("QUIT");
        }

        for (var attempt = 0; attempt < 20 && Directory.Exists(_folder); attempt++)
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

    private async Task Signal(string signal)
    {
        var pid = (await File.ReadAllLinesAsync($"{_folder}/data/postmaster.pid"))[0];
        await Run("kill", [$"-{signal}", pid]);
        if (signal == "KILL")
        {
            // Its children notice by themselves, and hold the data until then.
            await Run("sh", ["-c",
                $"for i in $(seq 100); do pgrep -f '{_folder}/data' >/dev/null || exit 0; pkill -KILL -f '^postgres:.*{Port}' ; sleep " +
                $"0.05; pgrep -f 'postgres -D {_folder}/data' >/dev/null || exit 0; done; exit 0"]);
        }

        await _process!.WaitForExitAsync();
    }

    private async Task Initialize()
    {
        Directory.CreateDirectory(_folder);
        await File.WriteAllTextAsync($"{_folder}/password", Password);
        if (IsRoot)
        {
            await Run("chown", ["-R", "postgres", _folder]);
        }

        if (_tlsFolder is not null)
        {
            foreach (var file in new[] { "server.pem", "server-key.pem" })
            {
                File.Copy($"{_tlsFolder}/{file}", $"{_folder}/{file}");
                await Run("chmod", ["600", $"{_folder}/{file}"]);
                await Run("chown", [IsRoot ? "postgres" : Environment.UserName, $"{_folder}/{file}"]);
            }
        }

        var info = AsPostgres($"{Binaries}/initdb", [
            "-D", $"{_folder}/data", "-U", "fit", "--auth=scram-sha-256", $"--pwfile={_folder}/password", "-E", "UTF8",
            "--locale=C", "--no-sync"
        ]);
        await Run(info.FileName, [.. info.ArgumentList]);
        await File.WriteAllTextAsync($"{_folder}/data/pg_hba.conf", "host all all all scram-sha-256\nlocal all all scram-sha-256\n");
    }

    private static ProcessStartInfo AsPostgres(string program, string[] arguments) =>
        IsRoot ? new ProcessStartInfo(
            "runuser", ["-u", "postgres", "--", program, .. arguments]) : new ProcessStartInfo(program, arguments);

    private static async Task<string> Run(string program, string[] arguments)
    {
        var info = new ProcessStartInfo(program,
            arguments)
        { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/tmp" };
        info.Environment["PGPASSWORD"] = Password;
        using var process = Process.Start(info)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {await output} {await error}");
    }
}
