using System.Net;
using System.Text.Json;
using FitCluster.Models;
using FitCluster.Models.Spec;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FitCluster.Node;

/// <summary>Answers /healthz/live (the process turns) and /healthz/ready (it takes part in the cluster, or why it does not).</summary>
internal sealed class HealthServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private HealthServer(WebApplication application) => _application = application;

    /// <summary>HOST:PORT, where HOST is an address, localhost, or * for all.</summary>
    /// <param name="text">The text.</param>
    /// <param name="option">The option that it comes from.</param>
    /// <param name="problems">Told when it is none.</param>
    public static IPEndPoint? Parse(string text, string option, ProblemList problems)
    {
        var colon = text.LastIndexOf(':');
        var host = colon > 0 ? text[..colon] : "";
        var address = host switch
        {
            "*" => IPAddress.Any,
            "localhost" => IPAddress.Loopback,
            _ => IPAddress.TryParse(host, out var parsed) ? parsed : null,
        };
        if (address is not null && ushort.TryParse(text.AsSpan(colon + 1), out var port) && port > 0)
        {
            return new IPEndPoint(address, port);
        }

        problems.Add($"{option} is '{text}'; it must be ADDRESS:PORT, as in 127.0.0.1:8080 or *:8080");
        return null;
    }

    /// <exception cref="ProblemException">The port is taken.</exception>
    public static async Task<HealthServer> Start(IPEndPoint where, Func<string?> notReady)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(where));
        var application = builder.Build();
        application.Run(context => Answer(context, notReady));
        try
        {
            await application.StartAsync().ConfigureAwait(false);
        }
        catch (IOException error)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw ProblemException.BadInput($"--health {where} cannot be used: {error.Message}", error);
        }

        return new HealthServer(application);
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static Task Answer(HttpContext context, Func<string?> notReady)
    {
        var (status, words) = context.Request.Path.Value switch
        {
            "/healthz/live" => (200, "live"),
            "/healthz/ready" => notReady() is { } why ? (503, why) : (200, "ready"),
            _ => (404, "there are /healthz/live and /healthz/ready"),
        };
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync($"{{\"status\":{JsonSerializer.Serialize(words)}}}\n");
    }
}
