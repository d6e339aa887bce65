namespace FitCluster.Data.Remote;

/// <summary>
/// Asks for URLs and says in a sentence why one could not be read. Failures that may pass are tried again after growing pauses. Blocks its
/// thread: data are opened and loaded where their reader waits for them. Thread-safe.
/// </summary>
internal sealed class RemoteClient(FetchOptions options)
{
    private const int MostBytesInMemory = 1 << 28;

    private static readonly HttpClient Http = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        UseCookies = false,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public FetchOptions Options => options;

    /// <summary>
    /// Asks until the answer has been taken whole, or a failure does not pass. Both functions are called for each
    /// attempt, and may keep what an earlier one got.
    /// </summary>
    /// <param name="url">What is asked for.</param>
    /// <param name="prepare">Adds headers to the request.</param>
    /// <param name="take">Takes an answer that has its status and headers, and its body to come.</param>
    /// <exception cref="DataException">It could not be read; what did not pass is <see cref="RemoteFailure"/> within.</exception>
    public T Get<T>(DataUrl url, Action<HttpRequestMessage> prepare, Func<HttpResponseMessage, Task<T>> take)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                // On the pool: there is no telling what context the caller's thread has.
                return Task.Run(() => GetOnce(url, prepare, take)).GetAwaiter().GetResult();
            }
            catch (Exception error) when (error is HttpRequestException or IOException and not DiskException or RemoteFailure)
            {
                var failure = RemoteFailure.Of(error, url);
                if (!failure.IsPassing || attempt >= options.Attempts)
                {
                    throw new DataException($"{url} {failure.Message}{(attempt > 1 ? $" (after {attempt} attempts)" : "")}", failure);
                }
            }

            Thread.Sleep(options.FirstPause * System.Math.Pow(2, attempt - 1) * (0.75 + (0.5 * Random.Shared.NextDouble())));
        }
    }

    /// <summary>The whole of a small file; null when there is none.</summary>
    public byte[]? TryRead(DataUrl url)
    {
        try
        {
            return Get(url, _ => { }, async answer =>
            {
                Expect(answer.IsSuccessStatusCode, answer);
                var bytes = new MemoryStream();
                await Copy(answer, (piece, _) =>
                {
                    if (bytes.Length + piece.Length > MostBytesInMemory)
                    {
                        throw new RemoteFailure(
                            $"has more than {MostBytesInMemory} bytes, too many for what it is to be; check the URL", false);
                    }

                    bytes.Write(piece.Span);
                    return ValueTask.CompletedTask;
                }).ConfigureAwait(false);
                return bytes.ToArray();
            });
        }
        catch (DataException error) when (error.InnerException is RemoteFailure { IsAbsence: true })
        {
            return null;
        }
    }

    /// <summary>Hands on the body of an answer, in pieces with their places in it.</summary>
    public async Task Copy(HttpResponseMessage answer, Func<ReadOnlyMemory<byte>, long, ValueTask> take)
    {
        var stream = await answer.Content.ReadAsStreamAsync().ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var buffer = new byte[1 << 17];
            var got = 0L;
            for (int count; (count = await Read(stream, buffer).ConfigureAwait(false)) > 0; got += count)
            {
                await take(buffer.AsMemory(0, count), got).ConfigureAwait(false);
            }

            if (answer.Content.Headers.ContentLength is { } whole && got != whole)
            {
                throw new RemoteFailure($"broke off after {got} of {whole} bytes", true);
            }
        }
    }

    /// <summary>Reads some bytes; a server that is silent for too long has failed.</summary>
    public async ValueTask<int> Read(Stream stream, Memory<byte> buffer)
    {
        using var limit = new CancellationTokenSource(options.Patience);
        try
        {
            return await stream.ReadAsync(buffer, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error)
        {
            throw new RemoteFailure(
                FormattableString.Invariant($"sent nothing for {options.Patience.TotalSeconds:0.#} s"), true, null, error);
        }
    }

    /// <summary>Fails with the words for its status unless an answer is as it should be.</summary>
    public static void Expect(bool condition, HttpResponseMessage answer)
    {
        if (!condition)
        {
            throw RemoteFailure.Of(answer.StatusCode, answer.ReasonPhrase);
        }
    }

    private async Task<T> GetOnce<T>(DataUrl url, Action<HttpRequestMessage> prepare, Func<HttpResponseMessage, Task<T>> take)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url.Uri);
        request.Headers.Authorization = url.Credentials;
        request.Headers.TryAddWithoutValidation("User-Agent", options.Agent);
        request.Headers.AcceptEncoding.ParseAdd("identity");
        prepare(request);
        using var limit = new CancellationTokenSource(options.Patience);
        HttpResponseMessage answer;
        try
        {
            answer = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error)
        {
            // The client's own limit of connecting cancels as well.
            var seconds = limit.IsCancellationRequested ? options.Patience.TotalSeconds : 10;
            throw new RemoteFailure(FormattableString.Invariant($"did not answer within {seconds:0.#} s"), true, null, error);
        }

        using (answer)
        {
            return await take(answer).ConfigureAwait(false);
        }
    }
}

/// <summary>What failed is the disk here, and not the server.</summary>
internal sealed class DiskException(string message, Exception inner) : IOException(message, inner);
