using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Web;
using FitCluster.Cli.Tests;
using FitCluster.Services;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Deploy.Tests.Kubernetes;

/// <summary>deploy/k8s/secrets makes every Secret that the manifests refer to, and what is in them fits together.</summary>
public sealed class SecretsTests
{
    private static readonly (string Name, string Value) Elsewhere =
        ("FITCLUSTER_STORE", "postgres://u:p%40'\"@db.example.org/d?sslmode=require");

    [Theory]
    [InlineData("base")]
    [InlineData("overlays/small")]
    [InlineData("overlays/production", "--tls")]
    [InlineData("overlays/autoscale")]
    [InlineData("overlays/external-store", "--external")]
    public async Task Every_secret_that_is_referred_to_is_made(string folder, params string[] options)
    {
        var made = await Make(options);
        var manifests = await Manifests.Render(folder);
        Assert.All(made.Of("Secret"), secret => Assert.Equal("fitcluster", secret["metadata"]["namespace"].Text));
        var keys = manifests.Workloads.SelectMany(w => w.AllContainers).SelectMany(c => c["env"].Items)
            .Select(v => v["valueFrom"]["secretKeyRef"]).Where(r => r.IsThere)
            .Select(r => (r["name"].Text, r["key"].Text))
            .Concat(manifests.Of("TriggerAuthentication").SelectMany(t => t["spec"]["secretTargetRef"].Items).Select(
                r => (r["name"].Text, r["key"].Text)))
            .Concat(manifests.Workloads.SelectMany(w => w.Pod["volumes"].Items).SelectMany(v => v["projected"]["sources"].Items)
                .SelectMany(s => s["secret"]["items"].Items.Select(i => (s["secret"]["name"].Text, i["key"].Text))))
            .ToList();
        Assert.NotEmpty(keys);
        Assert.All(keys, key => Assert.NotEmpty(Value(made, key.Item1, key.Item2)));
        Assert.All(manifests.Workloads.SelectMany(w => w.Pod["volumes"].Items).Where(v => v["secret"].IsThere),
            v => made.The("Secret", v["secret"]["secretName"].Text));
    }

    [Theory]
    [InlineData("base")]
    [InlineData("overlays/production", "--tls")]
    public async Task The_URL_leads_to_the_database_with_its_password(string folder, params string[] options)
    {
        var made = await Make(options);
        var manifests = await Manifests.Render(folder);
        var url = new Uri(Value(made, "fitcluster-urls", "store"));
        Assert.Equal($"{url.Port}", manifests.The("Service", url.Host)["spec"]["ports"].Items[0]["port"].Text);
        Assert.Equal($"{Value(made, "postgres", "username")}:{Value(made, "postgres", "password")}", url.UserInfo);
        Assert.InRange(Value(made, "postgres", "password").Length, 24, 100);
        Assert.Equal(
            $"/{manifests.Workloads.Single(w => w.Document.Name == "postgres").Container["env"].Named("POSTGRES_DB")["value"].Text}",
            url.AbsolutePath);
        var file = HttpUtility.ParseQueryString(url.Query)["sslrootcert"];
        Assert.Equal(options.Contains("--tls"), file is not null);
        // The file is where the nodes have the authority mounted.
        Assert.All(manifests.Nodes.Where(_ => file is not null), node =>
        {
            var volume = node.Pod["volumes"].Named("tls");
            var source = Assert.Single(volume["projected"]["sources"].Items, s => s["secret"]["name"].Text == "fitcluster-ca")["secret"];
            var mount = Assert.Single(node.Container["volumeMounts"].Items, m => m["name"].Text == "tls")["mountPath"].Text;
            Assert.Equal(file, $"{mount}/{Assert.Single(source["items"].Items)["path"].Text}");
        });
    }

    [Fact]
    public async Task Passwords_are_new_each_time_and_all_different()
    {
        var (first, second) = (await Make(), await Make());
        string[] secrets = [Value(first, "postgres", "password"), Value(second, "postgres", "password")];
        Assert.Equal(secrets.Length, secrets.Distinct().Count());
        Assert.All(secrets, secret => Assert.Matches("^[A-Za-z0-9]{32}$", secret));
    }

    [Fact]
    public async Task The_URL_of_a_database_elsewhere_goes_in_as_it_is()
    {
        Assert.Equal(Elsewhere.Value, Value(await Make("--external"), "fitcluster-urls", "store"));
        var withCertificates = await Make("--external", "--tls");
        Assert.Equal(
            ["fitcluster-tls", "fitcluster-urls"], withCertificates.Of("Secret").Select(secret => secret.Name).Order());
    }

    [Theory]
    [InlineData("FITCLUSTER_STORE", "--external")]
    [InlineData("'--frob'", "--frob")]
    [InlineData("'No/Name'", "--namespace", "No/Name")]
    public async Task A_mistake_is_one_sentence_and_makes_nothing(string words, params string[] arguments)
    {
        var ran = await Checkout.Run(Checkout.PathOf("deploy/k8s/secrets"), arguments, ("FITCLUSTER_STORE", ""));
        Assert.Equal((2, ""), (ran.ExitCode, ran.Output));
        Assert.Contains(words, Assert.Single(ran.Error.Trim().Split('\n')), StringComparison.Ordinal);
    }

    /// <summary>
    /// Two nodes find each other over a database with these certificates, and by their own; a node of another authority is refused, and one
    /// refuses a database of another authority.
    /// </summary>
    [Fact]
    public async Task Nodes_join_over_TLS_with_the_certificates()
    {
        Effort.OnlyLong();
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        var (made, other) = (await Make("--tls"), await Make("--tls"));
        using (var certificate = X509Certificate2.CreateFromPem(
            Value(made, "postgres-tls", "tls.crt"), Value(made, "postgres-tls", "tls.key")))
        {
            Assert.All(
                new[] { "postgres", "postgres.fitcluster.svc", "localhost" }, name => Assert.True(certificate.MatchesHostname(name)));
        }

        var folder = Directory.CreateTempSubdirectory("fitcluster-tls-");
        try
        {
            var server = Write(
                folder, "store", made, "postgres-tls", ("ca.crt", "ca.pem"), ("tls.crt", "server.pem"), ("tls.key", "server-key.pem"));
            (string, string)[] asMounted = [("ca.crt", "ca.crt"), ("tls.crt", "tls.crt"), ("tls.key", "tls.key")];
            var own = Write(folder, "own", made, "fitcluster-tls", asMounted);
            var stranger = Write(folder, "other", other, "fitcluster-tls", asMounted);
            await using var database = await PostgresServer.StartNew(tlsFolder: server);
            var store = database.Url(new Uri(await database.NewDatabase()).AbsolutePath[1..], tls: true);
            string[] Node(string certificates, string authority) =>
                ["node", "--tls", certificates, "--store", $"{store}?sslmode=verify-full&sslrootcert={authority}"];
            var trusted = $"{server}/ca.pem";

            var nodes = new[] { FitProgram.Start(Node(own, trusted)), FitProgram.Start(Node(own, trusted)) };
            foreach (var node in nodes)
            {
                for (var tries = 0; tries < 600 && !node.Process.HasExited &&
                    !node.Error.ToString().Contains("is ready", StringComparison.Ordinal); tries++)
                {
                    await Task.Delay(100);
                }

                Assert.Contains("is ready", node.Error.ToString(), StringComparison.Ordinal);
            }

            Assert.Contains("store", FitProgram.RunProcess(Node(own, $"{stranger}/ca.crt")).Expect(4).Error, StringComparison.Ordinal);
            Assert.Contains("cannot be reached", FitProgram.RunProcess(Node(stranger, trusted)).Expect(4).Error, StringComparison.Ordinal);
            foreach (var node in nodes)
            {
                FitProgram.Signal(node.Process, 15);
            }

            Assert.All(nodes, node => FitProgram.Wait(node).Expect(0));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Write(DirectoryInfo folder, string name, Manifests made, string secret, params (string Key, string File)[] files)
    {
        var path = folder.CreateSubdirectory(name).FullName;
        foreach (var (key, file) in files)
        {
            File.WriteAllText(Path.Combine(path, file), Value(made, secret, key));
        }

        return path;
    }

    private static async Task<Manifests> Make(params string[] options)
    {
        var ran = await Checkout.Run(Checkout.PathOf("deploy/k8s/secrets"), options, [Elsewhere]);
        Assert.True(ran.ExitCode == 0, ran.Error);
        return Manifests.Read(ran.Output);
    }

    private static string Value(Manifests made, string secret, string key) =>
        Encoding.UTF8.GetString(Convert.FromBase64String(made.The("Secret", secret)["data"][key].Text));
}
