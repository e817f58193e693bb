# Small, as nobody in particular, and fit for a read-only file system: it writes nothing (compose.yaml).
FROM python:3.12-slim AS packages
WORKDIR /srv
COPY requirements-hosting.lock .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements-hosting.lock

FROM python:3.12-slim
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000
WORKDIR /srv
COPY --from=packages /venv /venv
COPY . .
RUN useradd --system --no-create-home --uid 10001 app
USER app
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["python", "serve.py", "--check"]
STOPSIGNAL SIGTERM
CMD ["python", "serve.py"]
