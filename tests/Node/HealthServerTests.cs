using System.Net;
using System.Net.Sockets;
using FitCluster.Models;
using FitCluster.Models.Spec;
using Xunit;

namespace FitCluster.Node.Tests;

public sealed class HealthServerTests
{
    [Theory]
    [InlineData("127.0.0.1:8080", "127.0.0.1:8080")]
    [InlineData("localhost:1", "127.0.0.1:1")]
    [InlineData("*:65535", "0.0.0.0:65535")]
    [InlineData("::1:80", "[::1]:80")]
    public void An_address_and_a_port_are_a_place(string text, string place)
    {
        var problems = new ProblemList();
        Assert.Equal(place, HealthServer.Parse(text, "--health", problems)?.ToString());
        Assert.Empty(problems.All);
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("8080")]
    [InlineData(":8080")]
    [InlineData("*:0")]
    [InlineData("*:65536")]
    [InlineData("host:80")]
    public void Anything_else_is_a_problem(string text)
    {
        var problems = new ProblemList();
        Assert.Null(HealthServer.Parse(text, "--health", problems));
        Assert.Equal([$"--health is '{text}'; it must be ADDRESS:PORT, as in 127.0.0.1:8080 or *:8080"], problems.All);
    }

    [Fact]
    public async Task It_is_live_at_once_and_ready_when_nothing_speaks_against_it()
    {
        var where = FreePlace();
        string? why = "the node is \"joining\"";
        await using var server = await HealthServer.Start(where, () => why);
        using var client = new HttpClient { BaseAddress = new Uri($"http://{where}") };
        Assert.Equal((HttpStatusCode.OK, "{\"status\":\"live\"}\n"), await Get(client, "/healthz/live"));
        const string Joining = "{\"status\":\"the node is \\u0022joining\\u0022\"}\n";
        Assert.Equal((HttpStatusCode.ServiceUnavailable, Joining), await Get(client, "/healthz/ready"));
        why = null;
        Assert.Equal((HttpStatusCode.OK, "{\"status\":\"ready\"}\n"), await Get(client, "/healthz/ready"));
        Assert.Equal(HttpStatusCode.NotFound, (await Get(client, "/")).Status);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_bad_input()
    {
        var where = FreePlace();
        await using var first = await HealthServer.Start(where, () => null);
        var error = await Assert.ThrowsAsync<ProblemException>(() => HealthServer.Start(where, () => null));
        Assert.Equal(ExitCode.BadInput, error.ExitCode);
        Assert.StartsWith($"--health {where} cannot be used: ", error.Problems[0], StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Body)> Get(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static IPEndPoint FreePlace()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return (IPEndPoint)listener.LocalEndpoint;
    }
}
