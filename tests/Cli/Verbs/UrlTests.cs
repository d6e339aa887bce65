using System.Net;
using FitCluster.Models.Tests;
using FitCluster.Web;
using Xunit;

namespace FitCluster.Cli.Tests.Verbs;

/// <summary>Data by URL, as the verbs take them.</summary>
public sealed class UrlTests : IAsyncLifetime
{
    private readonly Scratch _scratch = new();
    private FileServer _server = null!;

    public ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(_scratch.At("www"));
        _server = new FileServer(_scratch.At("www"));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _scratch.Dispose();
    }

    [Theory]
    [InlineData("npy")]
    [InlineData("store")]
    public void A_fit_by_url_has_the_bits_of_one_by_path_and_shows_no_password(string format)
    {
        var path = _scratch.Simulate("www/sim", format: format);
        var url = $"{_server.Url}/{Path.GetRelativePath(_scratch.At("www"), path)}";
        var secret = url.Replace("//", "//me:hush@", StringComparison.Ordinal) + "?token=mum";
        var ran = Run("fit", "ebmf", "--data", secret, "--out", _scratch.At("byUrl")).Expect(0);
        FitProgram.Run("fit", "ebmf", "--data", path, "--out", _scratch.At("byPath")).Expect(0);
        Assert.Equal(Scratch.Arrays(_scratch.At("byPath")), Scratch.Arrays(_scratch.At("byUrl")));
        var fit = Scratch.Json(_scratch.At("byUrl/fit.json"));
        Assert.Equal(url + "?...", fit.GetProperty("spec").GetProperty("data").GetProperty("path").GetString());
        Assert.Equal(
            Scratch.Json(_scratch.At("byPath/fit.json")).GetProperty("nonZeros").GetInt64(), fit.GetProperty("nonZeros").GetInt64());
        foreach (var written in Directory.GetFiles(_scratch.At("byUrl")).Select(File.ReadAllText).Append(ran.Error).Append(ran.Output))
        {
            Assert.DoesNotContain("hush", written, StringComparison.Ordinal);
            Assert.DoesNotContain("mum", written, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Check_reads_no_rows_and_ingest_takes_a_url()
    {
        _scratch.Simulate("www/sim", format: "store");
        var url = _server.Url + "/sim/data.store";
        Run("check", _scratch.File("spec.yaml", $"model: ebmf\ndata: {{path: \"{url}\"}}\n")).Expect(0);
        Assert.NotEmpty(_server.Log);
        Assert.DoesNotContain(_server.Log, r => r.Path.EndsWith("values.f64", StringComparison.Ordinal));
        Run("ingest", url, "--out", _scratch.At("copy")).Expect(0);
        Assert.Equal(
            Data.MatrixSource.Open(_scratch.At("www/sim/data.store")).ContentHash, Data.MatrixSource.Open(_scratch.At("copy")).ContentHash);
    }

    [Fact]
    public void What_is_not_to_be_had_is_a_sentence_and_2_and_nothing_is_written()
    {
        _scratch.Simulate("www/sim");
        var port = new Uri(_server.Url).Port;
        Bad($"http://me:hush@127.0.0.1:{port}/nothing.csv", $"127.0.0.1:{port}/nothing.csv is not there (404");
        Bad("http://no-such-host.invalid/x", "the host 'no-such-host.invalid' is not known");
        Bad("s3://bucket/x", "cannot be read by s3 URL");
        _server.Faults = _ => new FileServer.Fault(Status: (int)HttpStatusCode.Forbidden);
        Bad(_server.Url + "/sim/data.npy", "may not be read (403");
        _server.Faults = _ => new FileServer.Fault(CutAfter: 1000);
        Bad(_server.Url + "/sim/data.npy", "broke off");
    }

    [Fact]
    public void The_cache_is_where_and_as_large_as_the_variables_say()
    {
        _scratch.Simulate("www/sim");
        FitProgram.Wait(FitProgram.StartOther("env", "FITCLUSTER_CACHE_MB=lots", FitProgram.Path, "fit", "ebmf",
            "--data", _server.Url + "/sim/data.npy", "--out", _scratch.At("out")))
            .ExpectBadInput("FITCLUSTER_CACHE_MB is 'lots'");
        Run("fit", "ebmf", "--data", _server.Url + "/sim/data.npy", "--out", _scratch.At("out")).Expect(0);
        Assert.Single(Directory.GetFiles(_scratch.At("cache"), "data.npy", SearchOption.AllDirectories));
    }

    private void Bad(string url, string words)
    {
        var ran = Run("fit", "ebmf", "--data", url, "--out", _scratch.At("out")).ExpectBadInput(words);
        Assert.DoesNotContain("hush", ran.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_scratch.At("out")));
    }

    private FitProgram.Ran Run(params string[] arguments) =>
        FitProgram.Wait(
            FitProgram.StartOther("env", [$"FITCLUSTER_CACHE={_scratch.At("cache")}", FitProgram.Path, .. arguments]), arguments);
}
